"""One photo to a live post with the Graph API client alone.

INSTAGRAM_TOKEN=... python examples/publish_one_photo.py https://example.com/photo.jpg "A caption"
"""

import os
import sys

from postwright.instagram import InstagramClient
from postwright.settings import Settings

image_url, caption = sys.argv[1:]
graph_url = Settings.from_environment(os.environ).graph_url
with InstagramClient(os.environ["INSTAGRAM_TOKEN"], graph_url=graph_url) as instagram:
    container = instagram.create_single_post_container("image", image_url, caption=caption)
    instagram.wait_for_container(container, timeout_seconds=60)
    print(instagram.media(instagram.publish(container)).permalink)
