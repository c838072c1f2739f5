// Copies within transactions while the broker is killed: what the Node clients' programs share of that.
'use strict';

const { askBroker, checkExactlyOnce, expectEqual, fresh, waitUntil } = require('./harness');

const [COUNT, KILLS, BATCH] = [2000, 4, 50];

/** The scenario, of what a client does in its own way.
 *
 * `makeTopic(bootstrap)` and `fill(bootstrap, topic, count, start)` are as the other scenarios have them;
 * `readCommitted(bootstrap, topic, count)` gives the values that readers of committed records see. `copyOn`
 * copies records until all are copied, or something is lost: then it is called again.
 */
const killTransactions =
  ({ makeTopic, fill, readCommitted, copyOn }) =>
  async (bootstrap) => {
    const copy = {
      source: await makeTopic(bootstrap),
      target: await makeTopic(bootstrap),
      count: COUNT,
      group: fresh('group'),
      transactionalId: fresh('transactional'),
    };
    for (let start = 0; start < COUNT; start += BATCH) await fill(bootstrap, copy.source, BATCH, start);
    let kills = 0;
    const beforeTheEnd = async (copied) => {
      if (kills < KILLS && copied > ((kills + 1) * COUNT) / (KILLS + 1)) {
        kills++;
        await askBroker('kill');
        await askBroker('start');
      }
    };
    const done = () =>
      copyOn(bootstrap, copy, beforeTheEnd).then(
        () => true,
        (problem) => console.error(problem),
      );
    await waitUntil(done, 'every record is copied', 200);
    expectEqual(kills, KILLS, 'kills');
    checkExactlyOnce(await readCommitted(bootstrap, copy.target, COUNT), COUNT);
  };

module.exports = { killTransactions };
