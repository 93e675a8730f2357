import ts from 'typescript';

/** A file that declares a brand: `affine`, or a name that begins with it. */
const BRAND = /\baffine\w*\s*:\s*unique\s+symbol\b/;

/** A file that declares the guard's reservation, which has no brand. */
const RESERVATION = /\b(class|interface)\s+\w*Reservation\b/;

interface Reach {
  readonly files: ReadonlySet<ts.SourceFile>;
  readonly brands: readonly ts.__String[];
}

const known = new WeakMap<ts.Program, Reach>();

/** Whether a value of an affine type can occur in a file: it imports the brand over some path. */
export function canReachBrand(program: ts.Program, file: ts.SourceFile): boolean {
  return reachOf(program).files.has(file);
}

/** The names under which the checker keeps the brands of a program. */
export function brandsOf(program: ts.Program): readonly ts.__String[] {
  return reachOf(program).brands;
}

function reachOf(program: ts.Program): Reach {
  const found = known.get(program) ?? findReach(program);
  known.set(program, found);
  return found;
}

function findReach(program: ts.Program): Reach {
  const checker = program.getTypeChecker();
  const all = program.getSourceFiles();
  const seeds = all.filter(({ text }) => BRAND.test(text));
  const others = all.filter(({ text }) => text.includes('Reservation') && RESERVATION.test(text));
  const brands = seeds.flatMap((file) => brandsIn(file, checker));
  const files = new Set<ts.SourceFile>([...seeds, ...others]);
  if (files.size > 0) addImporters({ files, all, checker });
  return { files, brands };
}

/** Adds, step by step, who imports a file of the set. A brand in a global type reaches all. */
function addImporters(search: {
  readonly files: Set<ts.SourceFile>;
  readonly all: readonly ts.SourceFile[];
  readonly checker: ts.TypeChecker;
}): void {
  const { files, all, checker } = search;
  const importers = new Map<ts.SourceFile, ts.SourceFile[]>();
  for (const file of all) {
    for (const imported of importsOf(file, checker)) {
      const list = importers.get(imported) ?? [];
      list.push(file);
      importers.set(imported, list);
    }
  }
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const reached = /\bdeclare\s+global\b/.test(file.text) ? all : (importers.get(file) ?? []);
    for (const one of reached) {
      if (files.has(one)) continue;
      files.add(one);
      waiting.push(one);
    }
  }
}

function importsOf(file: ts.SourceFile, checker: ts.TypeChecker): ts.SourceFile[] {
  return specifiersOf(file).flatMap((specifier) => {
    const declared = checker.getSymbolAtLocation(specifier)?.declarations ?? [];
    return declared.map((one) => one.getSourceFile());
  });
}

/** The names of modules in a file; in types (`import('x').Y`) and in calls as well. */
function specifiersOf(file: ts.SourceFile): readonly ts.Expression[] {
  const { imports } = file as { readonly imports?: readonly ts.Expression[] };
  if (imports !== undefined) return imports;
  return file.statements.flatMap((one) => {
    if (!ts.isImportDeclaration(one) && !ts.isExportDeclaration(one)) return [];
    return one.moduleSpecifier === undefined ? [] : [one.moduleSpecifier];
  });
}

function brandsIn(file: ts.SourceFile, checker: ts.TypeChecker): ts.__String[] {
  return file.statements
    .filter((one) => ts.isVariableStatement(one))
    .flatMap((one) => [...one.declarationList.declarations])
    .filter(({ name }) => ts.isIdentifier(name) && name.text.startsWith('affine'))
    .flatMap((one) => {
      const type = checker.getTypeAtLocation(one.name);
      const isUnique = (type.flags & ts.TypeFlags.UniqueESSymbol) !== 0;
      return isUnique ? [(type as ts.UniqueESSymbolType).escapedName] : [];
    });
}
