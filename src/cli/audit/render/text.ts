import type { View } from '../../command.ts';
import { printable, wrapped } from '../../frame/text.ts';
import type { Audit, PointAnswer } from '../audit.ts';
import type { Finding } from '../point.ts';
import { auditJson, placeText } from './json.ts';

/** How many places speak for a point that holds, before the rest is only counted. */
const EVIDENCE_MAX = 3;

/** An audit for people at a terminal. */
export function auditText(audit: Audit, view: View): string {
  const { passed, failed, not_applicable: none, warnings } = auditJson(audit);
  const { paint } = view;
  const total =
    `${audit.points.length} points: ${passed} pass, ${failed} fail, ${none} not applicable; ` +
    `${warnings} warnings`;
  const read =
    `${audit.filesRead} files read by ${audit.engines.join(' and ')}, ` +
    `${audit.filesSkipped} not looked at`;
  const points = audit.points.map((answer, index) => pointText(answer, index, view));
  return [...points, '', paint.bold(total), paint.dim(printable(read))].join('\n');
}

function pointText(answer: PointAnswer, index: number, view: View): string {
  const { point, status, findings, evidence, reason } = answer;
  const { paint } = view;
  const hasWarning = findings.some(({ level }) => level === 'warn');
  const colour =
    status === 'fail'
      ? paint.red
      : status === 'pass'
        ? hasWarning
          ? paint.yellow
          : paint.green
        : paint.dim;
  const number = String(index + 1).padStart(2);
  const lines = [`${number} ${colour(status.padEnd(4))}  ${paint.bold(point.title)} (${point.id})`];
  if (reason !== undefined) lines.push(`         ${paint.dim(reason)}`);
  for (const finding of findings) lines.push(findingText(finding, view));
  if (status === 'fail') lines.push(text(`Why: ${point.why}`, view, paint.dim));
  if (status === 'pass') {
    for (const { place, what } of evidence.slice(0, EVIDENCE_MAX)) {
      lines.push(paint.dim(`         ${printable(`${placeText(place)} ${what}`)}`));
    }
    const more = evidence.length - EVIDENCE_MAX;
    if (more > 0) lines.push(paint.dim(`         and ${more} more`));
  }
  return lines.join('\n');
}

function findingText({ level, place, what, mend }: Finding, view: View): string {
  const { paint } = view;
  const colour = level === 'fail' ? paint.red : level === 'warn' ? paint.yellow : paint.dim;
  const head = `         ${colour(level)} ${paint.cyan(printable(placeText(place)))}`;
  const said = level === 'note' ? what : `${what}. To mend it, ${mend}.`;
  return `${head}\n${text(printable(said), view)}`;
}

function text(
  said: string,
  { columns }: View,
  paint: (text: string) => string = (one) => one,
): string {
  const indent = ' '.repeat(11);
  return `${indent}${paint(wrapped(said, columns, indent))}`;
}
