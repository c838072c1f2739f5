"""The dataflow of Bytewax's Kafka guide: records of one topic, made upper case, into another."""

import os

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow

BROKERS = [os.environ["BOOTSTRAP"]]

flow = Dataflow("kafka_in_out")
kinp = kop.input("kafka-in", flow, brokers=BROKERS, topics=[os.environ["IN_TOPIC"]], tail=False)
op.inspect("inspect-errors", kinp.errs)
processed = op.map("map", kinp.oks, lambda msg: KafkaSinkMessage(msg.key, msg.value.upper()))
kop.output("kafka-out", processed, brokers=BROKERS, topic=os.environ["OUT_TOPIC"])
