"""The task of Celery's first steps, with Kafka as the broker and a folder for the results."""

import os

from celery import Celery

app = Celery(
    "tasks", broker=f"confluentkafka://{os.environ['BOOTSTRAP']}", backend=f"file://{os.environ['FOLDER']}"
)
app.conf.task_default_queue = os.environ["QUEUE"]
app.conf.broker_transport_options = {"allow_create_topics": True}


@app.task
def add(x, y):
    return x + y
