"""A simulated Instagram: the publishing part of the Graph API with Instagram Login, over real HTTP.

It keeps state, runs on the sandbox's clock, fetches and judges the media itself, and shows what was
published as pages. Where Meta's documents and practice disagree, the module that decides says which
side it takes.

Not imitated:
- Log-in, permissions and the life of tokens: a token works, has expired or was revoked, as
  `/_control/config` says.
- Stories, resumable uploads, comments, insights, hashtag and location search, deleting, webhooks.
- Transcoding, cropping, scaling and colour: media is served byte for byte as it was fetched, and
  the cover of a reel is its first frame, whatever `cover_url` and `thumb_offset` say. `cover_url`
  is not fetched.
- Whether tagged users, collaborators and locations exist.
- robots.txt, redirects (refused), host allowlists and IPv6 of Meta's crawler.
- Refusal of calls above the call allowance; only the usage headers tell of it.
- Spam detection and every other judgement on content.
- Exact texts: codes, subcodes, types and HTTP statuses are Instagram's where they are known, the
  sentences partly ours. Placeholders for what is not known: an unknown API version, the
  400-container cap, a second publish of one container, a carousel with a child that is not ready,
  `status` of an expired container.
"""

from sandbox.instagram.accounts import DEMO_ACCOUNT, Account
from sandbox.instagram.routes import application
from sandbox.instagram.simulator import SimulatedInstagram

__all__ = ["DEMO_ACCOUNT", "Account", "SimulatedInstagram", "application"]
