import type { Place, Project } from '../project.ts';

/** A line that runs an agent on the command line. */
export interface AgentLine {
  readonly place: Place;
  /** The command, as `VENDORS` knows it. */
  readonly tool: string;
}

/** Commands of agents that spend on models, as they begin a command. */
const TOOLS = ['claude', 'codex', 'gemini', 'aider', 'copilot', 'opencode', 'cursor-agent'];

const BEGINS = [
  '^',
  '[;&|]\\s*',
  'npx\\s+(?:-y\\s+)?',
  'bunx\\s+',
  'pnpm\\s+(?:dlx|exec)\\s+',
  'run:\\s*',
  'RUN\\s+',
  '-\\s+',
  '\\$\\(',
].join('|');
const LINE = new RegExp(`(?:${BEGINS})(${TOOLS.join('|')})\\s+(?:-|exec\\b|run\\b|"|')`);

/** Lines of scripts, images and workflows that run an agent. */
export function agentLines({
  packages,
  files,
}: Pick<Project, 'packages' | 'files'>): readonly AgentLine[] {
  const scripts = packages.flatMap(({ manifest, scripts: own }) =>
    Object.entries(own).flatMap(([name, command]): AgentLine[] => {
      const tool = LINE.exec(command)?.[1];
      if (tool === undefined || manifest === undefined) return [];
      const lines = manifest.text.split('\n');
      const line = lines.findIndex((text) => text.includes(`"${name}"`) && text.includes(tool));
      return [{ tool, place: { file: manifest.path, line: Math.max(0, line) + 1 } }];
    }),
  );
  const others = files
    .filter(({ path }) =>
      /(\.ya?ml|\.sh|(^|\/)(Dockerfile[^/]*|Makefile|Justfile|Procfile|crontab))$/.test(path),
    )
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index): AgentLine[] => {
        const tool = /^\s*#/.test(line) ? undefined : LINE.exec(line.trim())?.[1];
        return tool === undefined ? [] : [{ tool, place: { file: path, line: index + 1 } }];
      }),
    );
  return [...scripts, ...others];
}
