"""The application of FastStream's quickstart: a subscriber whose answer goes into another topic."""

import os

from faststream import FastStream
from faststream.kafka import KafkaBroker

broker = KafkaBroker(os.environ["BOOTSTRAP"])
app = FastStream(broker)


@broker.subscriber(os.environ["IN_TOPIC"], auto_offset_reset="earliest", group_id=os.environ["GROUP"])
@broker.publisher(os.environ["OUT_TOPIC"])
async def handle_msg(user: str, user_id: int) -> str:
    return f"User: {user_id} - {user} registered"
