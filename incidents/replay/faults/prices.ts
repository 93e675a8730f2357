import type { PlannedCall } from '../play.ts';
import { one, type FaultRule } from '../variant.ts';

/** What a call costs is not what the enforcer thinks it costs. */

/** P14. The guard has no price; the tracker takes that for nothing. */
export const modelWithoutPrice: FaultRule = () =>
  one((call) => ({ ...call, tracker: { ...call.tracker, counts: 0 } }), {
    tariff: { tableFactor: 0 },
  });

/** P15. Guard and tracker read the same wrong table. */
export const wrongPriceEntry: FaultRule = ({ scenario }) => {
  const factor = Number(scenario.fault['table_over_true'] ?? 1);
  return one((call) => ({ ...call, tracker: { ...call.tracker, factor } }), {
    tariff: { tableFactor: factor },
    excuses: ['wrong-table'],
  });
};

/** P16. Inclusive counts are OpenAI's way, exclusive ones Anthropic's. */
export const cacheAccounting: FaultRule = ({ scenario }) => {
  const isInclusive = scenario.fault['input_includes_cache'] === true;
  const isIgnored = String(scenario.fault['error']).includes('not priced');
  return one(
    (call) => ({
      ...call,
      marksCache: !isInclusive,
      tracker: { ...call.tracker, cache: isIgnored ? 'ignored' : 'again' },
    }),
    { endpoint: isInclusive ? 'chat' : 'messages' },
  );
};

/** P17. */
export const hiddenOutput: FaultRule = () =>
  one((call) => ({ ...call, tracker: { ...call.tracker, seesReasoning: false } }), {
    endpoint: 'chat',
  });

/** P18. The tracker prices by the base rate. */
export const priceTier: FaultRule = ({ scenario }) =>
  one((call) => call, { tariff: { doubleAbove: scenario.calls[0]?.threshold ?? 200_000 } });

/** P19. Searches are asked for one by one; a third party's charges come as one lump a call. */
export const nonTokenCharge: FaultRule = ({ scenario }) => {
  const row = scenario.calls[0];
  const [units, fee] = [row?.units ?? 0, row?.unit_fee_usd ?? 0];
  const isSearch = String(scenario.fault['what']).includes('search');
  const unseen = (call: PlannedCall) => ({ ...call.tracker, seesUnits: false });
  if (isSearch) {
    return one((call) => ({ ...call, searchTool: 'uses', tracker: unseen(call) }), {
      note: 'the searches read no further text and sample no further answer',
      endpoint: 'messages',
      tariff: { picoPerUnit: Math.round(fee * 1e12) },
      play: {
        config: {
          allow: { web_search: { inputTokensMax: 0, outputTokensMax: 0, usesMax: units } },
        },
      },
    });
  }
  return one(
    (call) => ({
      ...call,
      searchTool: 'lump',
      usage: { ...call.usage, units: 1 },
      tracker: unseen(call),
    }),
    {
      note: 'charged with the call, as one piece that costs what all of them cost',
      endpoint: 'chat',
      tariff: { picoPerUnit: Math.round(units * fee * 1e12) },
      play: {
        config: {
          allow: { web_search_options: { inputTokensMax: 0, outputTokensMax: 0, usesMax: 1 } },
        },
      },
    },
  );
};

/** P24. Changed on the way, where the guard stands; or by the provider, where nobody does. */
export const modelChanged: FaultRule = ({ scenario }) => {
  const asked = scenario.calls[0]?.requested_price ?? 'std';
  const truth = scenario.calls[0]?.price ?? 'std';
  const believed = (call: PlannedCall): PlannedCall => ({
    ...call,
    tracker: { ...call.tracker, profile: asked },
  });
  return [
    {
      name: 'before it leaves',
      note: 'default, alias or fallback change the model after the check of the caller',
      call: believed,
    },
    {
      name: 'by the provider',
      note: 'the wire asks for the cheaper model, the provider answers with the dearer and bills it',
      outside:
        'The bound of a call is that of the model on the wire. A dearer answer is booked at its ' +
        'price and stops the next call; the call itself was let go by its own price.',
      wireProfile: asked,
      servedAs: truth,
      call: (call) => ({
        ...believed(call),
        fault: { kind: 'wrong-model', model: call.billed.model, billed: true },
      }),
    },
  ];
};

/** P25. The tracker believes that the route costs nothing. */
export const wrongBillingRoute: FaultRule = () =>
  one((call) => ({ ...call, tracker: { ...call.tracker, profile: 'free' } }));

/** P33. What the caller asked for is not on the wire, so it lowers no bound. */
export const optionDropped: FaultRule = ({ scenario }) => {
  const isCache = String(scenario.fault['option']).includes('cache marker');
  return one((call) => {
    const expectedInput = isCache ? Math.ceil(call.promptTokens / 10) : undefined;
    return { ...call, tracker: { ...call.tracker, expectedInput } };
  });
};
