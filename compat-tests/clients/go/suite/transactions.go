package suite

import (
	"fmt"
	"slices"
	"time"

	"compat/harness"
)

var committed = ConsumerOptions{ReadCommitted: true}

func newTransactional(client Client, id string, timeoutMs int) TransactionalProducer {
	need[Transactor](client, "it has no transactions")
	options := ProducerOptions{TransactionalID: id, TransactionTimeoutMs: timeoutMs}
	return harness.Must(client.NewProducer(options)).(TransactionalProducer)
}

// write begins a transaction and writes ten records in it, named so.
func write(producer TransactionalProducer, topic, name string) {
	harness.NoError(producer.Begin())
	records := make([]Record, 10)
	for place := range records {
		records[place] = Record{Topic: topic, Value: fmt.Appendf(nil, "%s-%d", name, place)}
	}
	harness.Must(sendWith(producer, records))
}

// named gives the values that were written under these names.
func named(names ...string) (values []string) {
	for _, name := range names {
		for place := range 10 {
			values = append(values, fmt.Sprintf("%s-%d", name, place))
		}
	}
	return values
}

func expectCommitted(client Client, topic string, names ...string) {
	wanted := named(names...)
	harness.Equal(values(read(client, topic, 1, len(wanted), committed)), wanted, "committed records")
}

func transactions(client Client, _ string) {
	topic, id := makeTopic(client, 1), harness.Fresh("transactional")
	producer := newTransactional(client, id, 0)
	write(producer, topic, "committed")
	harness.NoError(producer.End(true))
	write(producer, topic, "aborted")
	harness.NoError(producer.End(false))
	write(producer, topic, "open")
	harness.Equal(len(read(client, topic, 1, 30, ConsumerOptions{})), 30, "records, committed or not")
	expectCommitted(client, topic, "committed")
	harness.NoError(producer.End(true))
	expectCommitted(client, topic, "committed", "open")
	harness.NoError(producer.Close())
	offsetsWithRecords(client)
}

// offsetsWithRecords has the offsets of a transaction committed with its records, and forgotten with them.
func offsetsWithRecords(client Client) {
	group, source, target := harness.Fresh("group"), makeTopic(client, 1), makeTopic(client, 1)
	fill(client, source, 0, 20, 1)
	copier := newCopier(client, group, source, target)
	copyOnce := func(commit bool) {
		harness.WaitUntil("a transaction with records", patience, func() bool {
			return harness.Must(copier.Copy(commit)) > 0
		})
	}
	copyOnce(false)
	offset, _, err := client.Committed(group, source, 0)
	harness.NoError(err)
	harness.Equal(offset, End, "offset of an aborted transaction")
	copyOnce(true)
	harness.WaitUntil("the offset of the committed transaction", patience, func() bool {
		offset, _, err = client.Committed(group, source, 0)
		return err == nil && offset != End
	})
	checkExactlyOnce(read(client, target, 1, int(offset), committed), int(offset))
	harness.NoError(copier.Close())
}

func newCopier(client Client, group, source, target string) Copier {
	transactor := need[Transactor](client, "it has no transactions")
	return harness.Must(transactor.NewCopier(group, "copies-"+group, source, target))
}

func expectNotCommitted(client Client, producer TransactionalProducer, codes ...int) {
	err := producer.End(true)
	harness.Expect(slices.Contains(codes, client.Code(err)), "the end of a transaction without a future: %v", err)
	_ = producer.Close() // it can't but fail
}

func transactionsFenced(client Client, _ string) {
	topic, id := makeTopic(client, 1), harness.Fresh("transactional")
	first := newTransactional(client, id, 0)
	write(first, topic, "first")
	second := newTransactional(client, id, 0)
	write(second, topic, "second")
	harness.NoError(second.End(true))
	expectNotCommitted(client, first, InvalidProducerEpoch, ProducerFenced)
	expectCommitted(client, topic, "second")
	harness.NoError(second.Close())
}

func transactionsTimeout(client Client, _ string) {
	topic := makeTopic(client, 1)
	slow := newTransactional(client, harness.Fresh("transactional"), 3000)
	write(slow, topic, "slow")
	quick := newTransactional(client, harness.Fresh("transactional"), 0)
	write(quick, topic, "quick")
	harness.NoError(quick.End(true))
	// Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
	expectCommitted(client, topic, "quick")
	expectNotCommitted(client, slow, InvalidProducerEpoch, InvalidTransactionState, ProducerFenced)
	harness.NoError(quick.Close())
}

func consumeTransformProduce(client Client, _ string) {
	const count = 1000
	group, source, target := harness.Fresh("group"), makeTopic(client, 1), makeTopic(client, 1)
	fill(client, source, 0, count, 1)
	copier, copied := newCopier(client, group, source, target), 0
	for turn, end := 0, time.Now().Add(time.Minute); copied < count && time.Now().Before(end); {
		commit := turn%4 != 1
		records := harness.Must(copier.Copy(commit))
		if records > 0 {
			turn++
		}
		if commit {
			copied += records
		}
	}
	harness.NoError(copier.Close())
	checkExactlyOnce(read(client, target, 1, count, committed), count)
}

func killTransactions(client Client, _ string) {
	const count, kills = 2000, 4
	group, source, target := harness.Fresh("group"), makeTopic(client, 1), makeTopic(client, 1)
	fill(client, source, 0, count, 1)
	copier := newCopier(client, group, source, target)
	offset, killed := int64(0), int64(0)
	for end := time.Now().Add(200 * time.Second); offset < count && time.Now().Before(end); {
		if offset > (killed+1)*count/(kills+1) && killed < kills {
			killed++
			restart("kill")
		}
		if _, err := copier.Copy(true); err != nil {
			_ = copier.Close() // it may fail for the same reason
			copier = newCopier(client, group, source, target)
		}
		if now, _, err := client.Committed(group, source, 0); err == nil {
			offset = now
		}
	}
	harness.Equal(killed, int64(kills), "kills")
	harness.NoError(copier.Close())
	checkExactlyOnce(read(client, target, 1, count, committed), count)
}
