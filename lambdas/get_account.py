"""Tell how the accounts stand, or one of them: GET /api/account.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with budgets, block and token, 404
Raises: nothing; problems are answers
Retry: safe. It only reads, and nothing from Instagram.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import accounts
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return accounts.get_account(app.current(), event)
