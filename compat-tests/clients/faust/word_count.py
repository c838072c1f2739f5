"""The word count of Faust's documentation: an agent that counts into a table, kept in a changelog topic."""

import os
import pathlib

import faust

app = faust.App(
    os.environ["APPLICATION"],
    broker=f"kafka://{os.environ['BOOTSTRAP']}",
    datadir=os.environ["FOLDER"],
    store="memory://",
    topic_partitions=1,
    topic_allow_declare=True,
    consumer_auto_offset_reset="earliest",
    broker_session_timeout=10.0,
    broker_heartbeat_interval=1.0,
)
posts_topic = app.topic(f"{os.environ['APPLICATION']}-posts", value_type=str)
counts_topic = app.topic(f"{os.environ['APPLICATION']}-counts", key_type=str, value_type=int)
word_counts = app.Table("word_counts", default=int)


@app.agent(posts_topic)
async def shuffle_words(posts):
    async for post in posts:
        for word in post.split():
            await count_words.send(key=word, value=word)


@app.agent(app.topic(f"{os.environ['APPLICATION']}-words", key_type=str, value_type=str))
async def count_words(words):
    async for word in words:
        word_counts[word] += 1
        await counts_topic.send(key=word, value=word_counts[word])


@app.on_rebalance_complete.connect
async def tell(_app, **_):
    pathlib.Path(os.environ["FOLDER"], "ready").touch()
