/** One entry of the catalogue: what happened, and an abstraction of it that can be played. */
export interface Incident {
  readonly id: string;
  readonly framework: string;
  readonly url: string;
  readonly year: number;
  readonly cluster: string;
  readonly mechanism: string;
  /** Dollars that the thread states; `null`: it states none. */
  readonly loss_usd: number | null;
  readonly in_paper: boolean;
  readonly paper_label: string | null;
  readonly seen: string;
  readonly scenario: Scenario;
  readonly expected: string;
}

/** Who calls what, and what goes wrong. */
export interface Scenario {
  /** The first is the root and has the cap. */
  readonly actors: readonly Actor[];
  readonly calls: readonly CallRow[];
  readonly fault: FaultRow;
  /** `P01` to `P39`. */
  readonly pattern: string;
  readonly oracle: OracleRow;
}

/** One kind of caller; `n` instances below each instance of its parent. */
export interface Actor {
  readonly id: string;
  readonly cap_usd?: number | undefined;
  readonly parent?: string | undefined;
  readonly n?: number | undefined;
}

/** What went wrong, and its parameters, which differ from kind to kind. */
export interface FaultRow {
  readonly kind: string;
  readonly [parameter: string]: string | number | boolean;
}

/** What a correct enforcer has to do. */
export interface OracleRow {
  readonly kind: (typeof ORACLE_KINDS)[number];
  readonly true_cost_if_unprotected_usd: number;
  readonly largest_single_call_usd: number;
}

/** Calls of one actor that are alike. Tokens are true ones. */
export interface CallRow {
  readonly actor: string;
  /** Repetitions of each instance. */
  readonly n: number;
  readonly mode: (typeof MODES)[number];
  readonly in: number;
  readonly out: number;
  readonly price: (typeof PRICES)[number];
  readonly result: (typeof RESULTS)[number];
  /** More input tokens with each repetition. */
  readonly in_growth?: number | undefined;
  /** The output ceiling on the wire; `null`: none. */
  readonly max_out?: number | null | undefined;
  readonly cache_read?: number | undefined;
  readonly cache_write?: number | undefined;
  readonly hidden_output?: number | undefined;
  readonly server_side_input?: number | undefined;
  readonly image_base64_chars?: number | undefined;
  readonly image_vision_tokens?: number | undefined;
  readonly sent_as?: (typeof SENT_AS)[number] | undefined;
  readonly units?: number | undefined;
  readonly unit_fee_usd?: number | undefined;
  readonly stream?: boolean | undefined;
  readonly usage_frame?: boolean | undefined;
  readonly usage_per_chunk?: string | undefined;
  readonly chunks?: number | undefined;
  readonly reported_in?: number | undefined;
  readonly reported_out?: number | undefined;
  readonly reported_cost?: string | undefined;
  readonly fraction_of_output_seen?: number | undefined;
  readonly requested_price?: (typeof PRICES)[number] | undefined;
  readonly true_price?: (typeof PRICES)[number] | undefined;
  readonly table_price_factor?: number | undefined;
  readonly threshold?: number | undefined;
  readonly model_max_out?: number | undefined;
  readonly visible_in_framework_usage?: boolean | undefined;
  readonly each_fits_alone?: boolean | undefined;
  readonly all_together_fit?: boolean | undefined;
  readonly same_content_each_run?: boolean | undefined;
  readonly same_job_key?: boolean | undefined;
  readonly after_restart?: boolean | undefined;
  readonly starts_before_boundary?: boolean | undefined;
  readonly settles_after_boundary?: boolean | undefined;
  readonly caller_option?: string | undefined;
  readonly on_wire?: boolean | undefined;
  readonly credential?: string | undefined;
  readonly expected_credential?: string | undefined;
  readonly every?: string | undefined;
  readonly route?: string | undefined;
}

export const ORACLE_KINDS = [
  'must_stop_at_cap',
  'must_not_refuse',
  'must_not_refuse_per_window',
  'must_stop_with_room_to_wrap_up',
] as const;
export const MODES = ['seq', 'parallel'] as const;
export const PRICES = [
  'std',
  'premium',
  'opus45',
  'cheap',
  'openai_4o',
  'embed',
  'free',
  'tiered',
  'tiered_cheap',
  'unpriced',
] as const;
export const RESULTS = [
  'ok',
  'error_429',
  'error_timeout',
  'error_5xx',
  'abort_midstream',
  'in_flight_at_crash',
] as const;
export const SENT_AS = ['text', 'image_part'] as const;

/** The name of a price profile. */
export type PriceName = (typeof PRICES)[number];
