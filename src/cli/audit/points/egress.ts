import { registerLines } from '../code/register-lines.ts';
import { hostOf, providerHost } from '../code/clients.ts';
import { escapesIn, type Address } from '../code/unguarded.ts';
import { agentLines } from '../code/agent-lines.ts';
import { disabledHere, disabledLines } from '../code/remarks.ts';
import {
  NO_MODELS,
  WHOLE,
  spends,
  type Evidence,
  type Finding,
  type Point,
  type Terms,
} from '../point.ts';
import type { Place, Project } from '../project.ts';
import { OUTCOME } from '../register-report.ts';

/** 3. Every way out goes through a guard. */
export const EGRESS: Point = {
  id: 'egress',
  title: 'Every client and every request is guarded',
  why:
    'A cap holds what goes through its guard. One client that nobody wrapped spends ' +
    'without end.',
  looksAt: [
    'Clients of the SDKs, LangChain and the AI SDK that are made and not wrapped (the ' +
      'rule `no-unguarded-client`)',
    "Requests to providers' hosts by `fetch`, `http`, `axios` and others, and WebSockets",
    'Clients and requests in Python; SDKs and hosts of providers in Go, Ruby, Java, ' +
      'Kotlin, C#, PHP, Rust and shell',
    'Agents on the command line in scripts, images and workflows',
    'What `hardcap/register` saw while the program ran, with `--report`',
  ],
  mend:
    'Wrap the client where it is made, start the process with `--import hardcap/register`, ' +
    'or send through the gateway.',
  judge(project, terms) {
    if (!spends(project) && project.cutShort === undefined) return NO_MODELS;
    const registered = registerLines(project);
    const escapes = [
      ...inCode(project, terms, registered[0]),
      ...foreign(project, terms),
      ...agents(project, terms),
    ];
    const told = [...escapes, ...seenRunning(terms), ...unread(project)];
    const findings = [...told, ...nothingSeen(project, terms, told)];
    return {
      kind: 'judged',
      findings,
      evidence: [...guarded(project, terms), ...registered.map(loads)],
    };
  },
};

function inCode(project: Project, terms: Terms, registered: Place | undefined): Finding[] {
  const { lint } = terms;
  return project.code.flatMap((file) => {
    const escapes = escapesIn(file).map((escape) => ({
      escape,
      place: { file: file.path, line: file.source.line(escape.at) },
    }));
    const isLinted = lint?.files.has(file.path) === true;
    const own = escapes
      .filter(({ escape }) => !isLinted || escape.isBeyondLint === true)
      .map(({ escape, place }): Finding => {
        const { what, instead } = escape;
        return { level: file.isTest ? 'warn' : 'fail', place, what, mend: instead };
      });
    const linted = isLinted
      ? lint.findings.egress.filter(({ place }) => place.file === file.path)
      : [];
    return [...own, ...linted].flatMap((finding): Finding[] => {
      const { place, what } = finding;
      if (disabledHere(file, place.line, 'no-unguarded-client') !== undefined) return [];
      const found = escapes.find((one) => one.place.line === place.line)?.escape;
      const way = wayOf(project, terms, found?.address);
      if (way?.isGateway === true) return [];
      if (way !== undefined) return [{ ...finding, level: 'warn', what: `${what}; ${way.said}` }];
      const canHold = registered !== undefined && finding.level === 'fail' && found?.isMetered;
      return [canHold === true ? underRegister(finding, registered, terms) : finding];
    });
  });
}

/** What is unguarded in the code is guarded below it where `hardcap/register` was loaded. */
function underRegister(finding: Finding, { file, line }: Place, { seen }: Terms): Finding {
  if (seen !== undefined) return { ...finding, level: 'note' };
  return {
    ...finding,
    level: 'warn',
    what: `${finding.what}; hardcap/register guards it where ${file}:${line} starts the process`,
    mend: 'run it once with HARDCAP_REPORT and give the file as --report',
  };
}

/** What is to be said of where a client sends to; nothing, where that is a gateway of hardcap. */
type Way = { readonly isGateway: true } | { readonly isGateway: false; readonly said: string };

/** Models are asked, no way out was seen, and no guard either: then the way out was not seen. */
function nothingSeen(project: Project, terms: Terms, told: readonly Finding[]): Finding[] {
  const { firstSpending: place } = project;
  const isGuarded =
    guarded(project, terms).length > 0 ||
    registerLines(project).length > 0 ||
    terms.gateways.length > 0;
  if (place === undefined || told.length > 0 || isGuarded) return [];
  const what = 'models are asked here, and nothing in the project puts a guard in';
  const mend = 'wrap the client that sends it, or start with `--import hardcap/register`';
  return [{ level: 'fail', place, what, mend }];
}

/** Where a client is told to send: a gateway of hardcap, or what is to be said of it. */
function wayOf(
  project: Project,
  { gateways }: Terms,
  address: Address | undefined,
): Way | undefined {
  if (address === undefined) return undefined;
  const hosts = hostsOf(project, address);
  if (hosts.length === 0) {
    const name = address.kind === 'environment' ? ` (${address.name})` : '';
    return { isGateway: false, said: `where it sends to is not known here${name}` };
  }
  const others = hosts.filter((host) => !isGateway(gateways, host));
  if (others.length === 0) return { isGateway: true };
  if (others.some((host) => providerHost(host) !== undefined)) return undefined;
  const said = `it sends to ${others.join(', ')}: say --gateway ${others[0]} if it is one`;
  return { isGateway: false, said };
}

/** The hosts that an address stands for, in the environment by the files that set it. */
function hostsOf({ files }: Project, address: Address): readonly string[] {
  if (address.kind === 'unknown') return [];
  if (address.kind === 'host') return [address.host];
  const set = new RegExp(
    `(?<![\\w])${address.name}["']?\\s*[:=]\\s*["']?((?:https?:)?//[^\\s"']+)`,
    'g',
  );
  return files
    .filter(({ path }) => !/\.(py|[cm]?[jt]sx?)$/.test(path))
    .flatMap(({ text }) => [...text.matchAll(set)].map(([, url = '']) => hostOf(url)));
}

function isGateway(gateways: readonly string[], host: string): boolean {
  return gateways.some((gateway) => hostOf(gateway) === host);
}

function foreign(project: Project, terms: Terms): Finding[] {
  return project.foreign.flatMap(({ file, line, what, language, address }): Finding[] => {
    const place = { file, line };
    const way = wayOf(project, terms, address ?? fromEnvironment(project, what));
    if (way?.isGateway === true) return [];
    const mend =
      'send it through the gateway of hardcap (its base URL), which guards every language';
    const told = `${what} in ${language} is guarded by nothing`;
    if (way !== undefined) return [{ level: 'warn', place, what: `${told}; ${way.said}`, mend }];
    return [{ level: 'fail', place, what: told, mend }];
  });
}

/** The base address that the SDKs take from the environment where they are given none. */
function fromEnvironment(project: Project, what: string): Address | undefined {
  const name = /OpenAI/.test(what)
    ? 'OPENAI_BASE_URL'
    : /Anthropic/.test(what)
      ? 'ANTHROPIC_BASE_URL'
      : undefined;
  if (name === undefined) return undefined;
  const address: Address = { kind: 'environment', name };
  return hostsOf(project, address).length === 0 ? undefined : address;
}

function agents(project: Project, terms: Terms): Finding[] {
  const bases = ['ANTHROPIC_BASE_URL', 'OPENAI_BASE_URL'].flatMap((name) =>
    hostsOf(project, { kind: 'environment', name }),
  );
  if (bases.length > 0 && bases.every((host) => isGateway(terms.gateways, host))) return [];
  return agentLines(project).map(({ place, tool }) => ({
    level: 'warn',
    place,
    what: `${tool} runs here, and no cap holds what it spends`,
    mend: 'give it the base URL of the gateway of hardcap',
  }));
}

/** Requests that a run did not guard. */
function seenRunning({ seen = [] }: Terms): Finding[] {
  return seen
    .filter(({ outcome, host }) => outcome === OUTCOME.unknownRoute || isEscape(outcome, host))
    .map(({ path, host, route, outcome, count }) => ({
      level: outcome === OUTCOME.unknownRoute ? 'warn' : 'fail',
      place: { file: path, line: 1 },
      what: `while it ran, ${count} requests to ${host} (${route}): ${outcome}`,
      mend: 'use a route that is metered, or name the host in HARDCAP_HOSTS',
    }));
}

/** A host of a provider that the run did not know as one. */
function isEscape(outcome: string, host: string): boolean {
  return outcome === OUTCOME.elsewhere && providerHost(host) !== undefined;
}

/** What the walk did not read may hold anything. */
function unread({ skipped, cutShort }: Project): Finding[] {
  const mend = 'name a folder below it, or raise the bounds';
  const all: Finding[] = skipped
    .filter(
      ({ path }) => /\.([cm]?[jt]sx?|vue|svelte|astro|py|ipynb)$/.test(path) || !path.includes('.'),
    )
    .map(({ path, reason }) => ({
      level: 'warn',
      place: { file: path, line: 1 },
      what: `not looked at: ${reason}`,
      mend: 'look at it yourself',
    }));
  if (cutShort === undefined) return all;
  const what = `the walk ended ${cutShort}: the rest was not looked at`;
  return [{ level: 'fail', place: WHOLE, what, mend }, ...all];
}

function guarded(project: Project, { lint, seen = [] }: Terms): Evidence[] {
  const wraps = project.code.flatMap((file) =>
    file.calls
      .filter(({ path }) => /^(wrapAnthropic|wrapOpenAI|guardedFetch)$/.test(path))
      .map(({ from, path }) => ({
        place: { file: file.path, line: file.source.line(from) },
        what: `\`${path}\` puts the guard in`,
      })),
  );
  const held = seen
    .filter(({ outcome }) => outcome === OUTCOME.held || outcome === OUTCOME.guardedAbove)
    .map(({ path, host, route, outcome, count }) => ({
      place: { file: path, line: 1 },
      what: `while it ran, ${count} requests to ${host} (${route}): ${outcome}`,
    }));
  const rules =
    lint === undefined
      ? []
      : [{ place: WHOLE, what: `${lint.files.size} files by ${lint.engine}` }];
  return [...wraps, ...held, ...rules, ...project.code.flatMap(disabledLines)];
}

function loads(place: Place): Evidence {
  return { place, what: 'starts with hardcap/register' };
}
