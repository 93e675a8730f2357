/** The frameworks that the package has a middleware for; `none`: whatever else makes the calls. */
export type Framework = 'express' | 'fastify' | 'hono' | 'none';

/** TypeScript, or JavaScript in one of its two forms. */
export type Dialect = 'typescript' | 'module' | 'commonjs';

/** The clients that are guarded in place. */
export type Sdk = 'anthropic' | 'openai';

/** Where the customer's name stands in a request: `request.user.id`, or a header of a proxy. */
export type CustomerPlace =
  | { readonly kind: 'property'; readonly holder: string; readonly field: string }
  | { readonly kind: 'header'; readonly name: string };

/** What `enforcement-middleware` is written for. */
export interface MiddlewareTerms {
  readonly framework: Framework;
  readonly dialect: Dialect;
  readonly customer: CustomerPlace;
}

/** The whole text of `enforcement-middleware` for one project. */
export function middlewareText(terms: MiddlewareTerms): string {
  const { framework, dialect } = terms;
  const parts = [
    heading(framework),
    `${importsOf(terms).join('\n')}\n`,
    GUARD[dialect === 'typescript' ? 'typescript' : 'javascript'],
    ...(framework === 'none' ? [] : [capsOf(terms)]),
    ...(framework === 'none' ? [] : [enforceOf(terms)]),
    wrapOf('anthropic', dialect),
    wrapOf('openai', dialect),
  ];
  const text = parts.join('\n');
  if (dialect !== 'commonjs') return text;
  const names = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
  return `${text.replaceAll(/^export /gm, '')}\nmodule.exports = { ${names.join(', ')} };\n`;
}

const FIRST = `/**
 * Spending caps of this service. Calls of a client that went through \`guardAnthropic\` or
 * \`guardOpenAI\` leave only if the most they can cost fits under every cap of
 * \`budget-guard.config.json\`.
 *`;

const ORDER: Readonly<Record<Framework, readonly string[]>> = {
  express: [
    'In the application, in this order:',
    '',
    '  app.use(authenticate); //              whatever finds out who is asking',
    "  app.get('/budget', caps.balanceRoute); // if callers may see what they have left",
    '  enforceCaps(app, { anthropic });',
    '  ... the routes ...',
  ],
  fastify: [
    'In the application, in this order:',
    '',
    "  app.addHook('onRequest', authenticate); // whatever finds out who is asking",
    '  enforceCaps(app, { anthropic });',
    "  app.get('/budget', caps.balanceRoute); //  if callers may see what they have left",
    '  ... the routes ...',
  ],
  hono: [
    'In the application, in this order:',
    '',
    '  app.use(authenticate); //              whatever finds out who is asking',
    "  app.get('/budget', caps.balanceRoute); // if callers may see what they have left",
    '  enforceCaps(app, { anthropic });',
    '  ... the routes ...',
  ],
  none: [
    'Say whose calls they are:',
    '',
    "  await guard.run({ customer: 'acme' }, () => anthropic.messages.create(...));",
  ],
};

function heading(framework: Framework): string {
  const lines = ORDER[framework].map((line) => ` * ${line}`.trimEnd());
  return `${FIRST}\n${lines.join('\n')}\n */`;
}

const REQUEST_TYPES: Readonly<Record<Exclude<Framework, 'none'>, readonly string[]>> = {
  express: ['IRouter', 'Request'],
  fastify: ['FastifyInstance', 'FastifyRequest'],
  hono: ['Context'],
};

const MAKERS: Readonly<Record<Exclude<Framework, 'none'>, string>> = {
  express: 'hardcapExpress',
  fastify: 'hardcapFastify',
  hono: 'hardcapHono',
};

function importsOf({ framework, dialect }: MiddlewareTerms): string[] {
  const types =
    framework === 'none' || dialect !== 'typescript'
      ? []
      : [`import type { ${REQUEST_TYPES[framework].join(', ')} } from '${framework}';`];
  const own = [takes('BudgetGuard, wrapAnthropic, wrapOpenAI', 'hardcap', dialect)];
  const made =
    framework === 'none' ? [] : [takes(MAKERS[framework], `hardcap/${framework}`, dialect)];
  return [...types, ...own, ...made];
}

/** The line that takes names from a module. */
export function takes(names: string, module: string, dialect: Dialect): string {
  return dialect === 'commonjs'
    ? `const { ${names} } = require('${module}');`
    : `import { ${names} } from '${module}';`;
}

const GUARD = {
  typescript: `/** One guard for the whole process. \`await guard.close()\` when it ends. */
export const guard: BudgetGuard = BudgetGuard.fromConfig();
`,
  javascript: `/** One guard for the whole process. \`await guard.close()\` when it ends. */
export const guard = BudgetGuard.fromConfig();
`,
} as const;

const PARAMETERS: Readonly<Record<Exclude<Framework, 'none'>, readonly [string, string]>> = {
  express: ['request', 'Request'],
  fastify: ['request', 'FastifyRequest'],
  hono: ['c', 'Context'],
};

function capsOf({ framework, dialect, customer }: MiddlewareTerms): string {
  if (framework === 'none') return '';
  const [name, type] = PARAMETERS[framework];
  const isTyped = dialect === 'typescript';
  const parameter = isTyped ? `${name}: ${type}` : name;
  const required = `  // Refuses whoever is not known. Without it, their calls share one account.
  // required: ['customer'],
});
`;
  if (customer.kind === 'header') {
    const generic = isTyped ? `<${type}>` : '';
    return `export const caps = ${MAKERS[framework]}${generic}(guard, {
  // Only for a proxy of yours that sets and strips it: whoever can send it chooses who pays.
  trustedHeaders: { customer: '${customer.name}' },
${required}`;
  }
  return `export const caps = ${MAKERS[framework]}(guard, {
  scopes: (${parameter}) => ({ customer: customerOf(${name}) }),
${required}
/** Who pays: from what authentication has proven, never from what a caller can write. */
${customerFunction(framework, customer, isTyped)}`;
}

function customerFunction(
  framework: Exclude<Framework, 'none'>,
  { holder, field }: { readonly holder: string; readonly field: string },
  isTyped: boolean,
): string {
  const [name, type] = PARAMETERS[framework];
  const signature = isTyped ? `(${name}: ${type}): string | undefined` : `(${name})`;
  const shape = `{ readonly ${field}?: string | number | null }`;
  if (framework === 'hono') {
    const cast = isTyped ? ` as string | ${shape} | undefined` : '';
    return `function customerOf${signature} {
  const ${holder} = ${name}.get('${holder}')${cast};
  const id = typeof ${holder} === 'string' ? ${holder} : (${holder}?.${field} ?? undefined);
  return id === undefined ? undefined : String(id);
}
`;
  }
  const cast = isTyped
    ? `${name} as unknown as {\n    readonly ${holder}?: ${shape} | null;\n  }`
    : name;
  return `function customerOf${signature} {
  const { ${holder} } = ${cast};
  const id = ${holder}?.${field} ?? undefined;
  return id === undefined ? undefined : String(id);
}
`;
}

function enforceOf({ framework, dialect }: MiddlewareTerms): string {
  const isTyped = dialect === 'typescript';
  const appTypes: Readonly<Record<Framework, string>> = {
    express: 'Pick<IRouter, "use">',
    fastify: 'Pick<FastifyInstance, "addHook">',
    hono: '{ use(handler: typeof caps.scoped): unknown }',
    none: '',
  };
  const appType = appTypes[framework].replaceAll('"', "'");
  const parameters = isTyped
    ? [`app: ${appType}`, 'clients: Clients = {}']
    : ['app', 'clients = {}'];
  const result = isTyped ? ': void' : '';
  const oneLine = `export function enforceCaps(${parameters.join(', ')})${result} {`;
  const signature =
    oneLine.length <= COLUMNS_MAX
      ? oneLine
      : `export function enforceCaps(\n  ${parameters.join(',\n  ')},\n)${result} {`;
  const clients = isTyped
    ? `/** Clients to guard, by the provider that they call. */
interface Clients {
  readonly anthropic?: Parameters<typeof wrapAnthropic>[0];
  readonly openai?: Parameters<typeof wrapOpenAI>[0];
}

`
    : '';
  return `${clients}/**
 * Guards the clients, in place, and puts all that is declared after it under the caps: call it
 * behind authentication and before the routes.
 */
${signature}
  for (const [name, client] of Object.entries(clients)) {
    if (name === 'anthropic') guardAnthropic(client);
    else if (name === 'openai') guardOpenAI(client);
    else throw new TypeError(\`It guards anthropic and openai, and knows no client \${name}.\`);
  }
${MOUNT[framework]}}
`;
}

/** Formatters of most projects break a line at 80 to 100. */
const COLUMNS_MAX = 100;

const MOUNT: Readonly<Record<Framework, string>> = {
  express: `  let isBegun = false;
  app.use((_request, _response, next) => {
    // By the first request all routes are declared: errors are answered behind them.
    if (!isBegun) app.use(caps.errors);
    isBegun = true;
    next();
  });
  app.use(caps.scoped);
`,
  fastify: `  caps.attach(app);
`,
  hono: `  app.use(caps.scoped);
`,
  none: '',
};

const WRAPS: Readonly<Record<Sdk, readonly [string, string, string]>> = {
  anthropic: ['Anthropic', 'anthropic', 'wrapAnthropic'],
  openai: ['OpenAI', 'openai', 'wrapOpenAI'],
};

function wrapOf(sdk: Sdk, dialect: Dialect): string {
  const [name, variable, wrap] = WRAPS[sdk];
  const signature =
    dialect === 'typescript'
      ? `guard${name}<C extends Parameters<typeof ${wrap}>[0]>(client: C): C`
      : `guard${name}(client)`;
  return `/** The same client, guarded: \`const ${variable} = guard${name}(new ${name}())\`. */
export function ${signature} {
  return ${wrap}(client, guard);
}
`;
}
