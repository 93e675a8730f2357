import type { Audit, PointAnswer } from '../audit.ts';
import { auditJson, placeText } from './json.ts';

/** An audit as a page of Markdown: a table of the points, then what was found. */
export function auditMarkdown(audit: Audit): string {
  const { passed, failed, not_applicable: none, warnings } = auditJson(audit);
  const rows = audit.points.map(({ point, status, findings }, index) => {
    const count = findings.filter(({ level }) => level !== 'note').length;
    return `| ${index + 1} | ${cell(point.title)} | ${status} | ${count} |`;
  });
  return [
    '# Audit',
    '',
    `${passed} pass, ${failed} fail, ${none} not applicable; ${warnings} warnings. ` +
      `${audit.filesRead} files read by ${audit.engines.join(' and ')}, ` +
      `${audit.filesSkipped} not looked at.`,
    '',
    '| | point | status | findings |',
    '|---|---|---|---|',
    ...rows,
    ...audit.points.flatMap(section),
  ].join('\n');
}

function section(
  { point, status, findings, evidence, reason }: PointAnswer,
  index: number,
): string[] {
  const head = ['', `## ${index + 1}. ${point.title}: ${status}`, '', point.why];
  if (reason !== undefined) return [...head, '', `Not applicable: ${reason}.`];
  const found = findings.map(({ level, place, what, mend }) => {
    const said = level === 'note' ? '' : ` To mend it, ${cell(mend)}.`;
    return `- **${level}** ${code(placeText(place))} ${cell(what)}.` + said;
  });
  const speaks = evidence.map(({ place, what }) => `- ${code(placeText(place))} ${cell(what)}`);
  return [
    ...head,
    ...(found.length === 0 ? [] : ['', ...found]),
    ...(speaks.length === 0 ? [] : ['', 'Evidence:', '', ...speaks]),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}

/** A path may hold backticks; then the fence is longer than any of them. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}
