import type { Place, Project } from '../project.ts';

const STARTS = /(^|\/)(package\.json|Dockerfile[^/]*|Procfile|[^/]*\.env[^/]*)$|\.ya?ml$|\.sh$/;
const LOADED = /--(import|require)[= ]+["']?hardcap\/register/;

/** Lines that start a process with `hardcap/register`, and so with every request guarded. */
export function registerLines({ files, code }: Project): readonly Place[] {
  const imported = code.flatMap(({ path, source, names, isTest }) => {
    const found = names.imports.find(({ module }) => module === 'hardcap/register');
    return found === undefined || isTest ? [] : [{ file: path, line: source.line(found.at) }];
  });
  return [...linesThat(files, STARTS, LOADED), ...imported];
}

/** Lines of files that a pattern finds. */
export function linesThat(
  files: Project['files'],
  where: RegExp,
  pattern: RegExp,
): readonly Place[] {
  return files
    .filter(({ path }) => where.test(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const isRemark = /^\s*(#|\/\/)/.test(line);
        return !isRemark && pattern.test(line) ? [{ file: path, line: index + 1 }] : [];
      }),
    );
}
