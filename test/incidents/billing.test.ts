import { beforeAll, describe, expect, it } from 'vitest';
import { BUDGET_MIN, CALL_EVERY_S, CASES, END_MIN } from '../../incidents/billing/case.ts';
import { pageOf } from '../../incidents/billing/page.ts';
import { plotOf } from '../../incidents/billing/plot.ts';
import { dearestCall, playAll, type CaseResult } from '../../incidents/billing/result.ts';

let results: readonly CaseResult[];

beforeAll(async () => {
  results = await playAll(() => {});
}, 180_000);

describe('bills that changed overnight', () => {
  it('are six, each with where it was told', () => {
    expect(results.map(({ one }) => one.name)).toEqual(CASES.map(({ name }) => name));
    expect(CASES).toHaveLength(6);
    for (const { source } of CASES) expect(source).toMatch(/read on \d{4}-\d\d-\d\d/);
  });

  it('pass the budget where nothing stands in the way', () => {
    for (const { uncapped, budgetNano } of results) {
      expect(uncapped.billedNano).toBeGreaterThan(budgetNano);
      expect(uncapped.points).toHaveLength((END_MIN * 60) / CALL_EVERY_S);
    }
  });

  it('pass it further the later the alert is', () => {
    for (const { alerts, budgetNano } of results) {
      const billed = alerts.map(({ stopped }) => stopped.billedNano);
      expect(billed).toEqual(billed.toSorted((a, b) => a - b));
      expect(billed[0]).toBeGreaterThan(budgetNano);
    }
  });

  it('pass a cap by no more than one call where answers state their cost', () => {
    for (const { stated, budgetNano } of results) {
      expect(stated.refusedAt).toBeDefined();
      expect(stated.billedNano).toBeLessThan(budgetNano + dearestCall(stated));
    }
  });

  it('are of the volume that the budget pays by the list where nothing tells the price', () => {
    const answered = (BUDGET_MIN * 60) / CALL_EVERY_S;
    for (const { card } of results) {
      // The last attempt was refused, and is a point as well.
      expect(card.points.length - 1).toBeLessThanOrEqual(answered);
      expect(card.points.length - 1).toBeGreaterThan(answered * 0.98);
    }
  });

  it('are named at the first call that is billed above the list', () => {
    for (const { one, stated } of results) {
      const isAboveList = one.before('') === undefined;
      expect(stated.namedAt, one.name).toBe(isAboveList ? 10 : undefined);
    }
  });

  it('stand on a page and in a plot, a row and a panel for each', () => {
    const page = pageOf(results);
    for (const { one } of results) expect(page).toContain(`| ${one.name} | $`);
    expect(plotOf(results).match(/<polyline/g)).toHaveLength(results.length * 3);
  });
});
