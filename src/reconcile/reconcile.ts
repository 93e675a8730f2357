/** The books beside what providers themselves report, in lifecycle order. */
export { SpendLog, type SpendLogOptions } from './spend-log.ts';
export { readRows, type SpendRow } from './row.ts';
export { readAnthropicCosts, readAnthropicUsage } from './anthropic-report.ts';
export { readOpenAICosts, readOpenAIUsage } from './openai-report.ts';
export { readCsvExport, type CsvExportOptions } from './csv-export.ts';
export { answerRow, type AnswerCost } from './answer-cost.ts';
export { ReportError, type ReportFault } from './report-error.ts';
export {
  reconcile,
  type DaySpan,
  type ReconciledRow,
  type ReconcileOptions,
  type Reconciliation,
} from './compare.ts';
export { describeFinding, type Finding } from './finding.ts';
export { driftEvents, proposeAdjusts, type Proposing } from './propose.ts';
export {
  PriceWatch,
  type PriceChange,
  type PricedAnswer,
  type PriceWatchOptions,
} from './price-watch.ts';
export { watchPrices, type PriceWatching, type WatchOptions } from './watch-prices.ts';
