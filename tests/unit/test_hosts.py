"""Where Instagram answers: the real hosts, and a simulated one with hosts in its paths."""

from __future__ import annotations

import pytest

from postwright.hosts import Hosts, login_of
from postwright.settings import Settings


def hosts(graph_url: str) -> Hosts:
    return Hosts.of(Settings.from_environment({"POSTWRIGHT_GRAPH_URL": graph_url}))


def test_the_real_hosts_go_with_the_real_graph() -> None:
    found = hosts("https://graph.instagram.com/v24.0")

    assert found == Hosts(
        instagram_graph="https://graph.instagram.com/v24.0",
        graph_root="https://graph.instagram.com",
        facebook_graph="https://graph.facebook.com/v24.0",
        instagram_authorize="https://www.instagram.com/oauth/authorize",
        instagram_code_exchange="https://api.instagram.com/oauth/access_token",
        facebook_dialog="https://www.facebook.com/v24.0/dialog/oauth",
    )


def test_elsewhere_the_host_is_the_first_part_of_the_path() -> None:
    found = hosts("http://127.0.0.1:8081")

    assert found.instagram_graph == "http://127.0.0.1:8081/v25.0"
    assert found.graph_root == "http://127.0.0.1:8081"
    assert found.graph("facebook") == "http://127.0.0.1:8081/graph.facebook.com/v25.0"
    assert found.instagram_authorize == "http://127.0.0.1:8081/www.instagram.com/oauth/authorize"
    assert found.graph("instagram") == found.instagram_graph


@pytest.mark.parametrize(
    ("token", "login"),
    [
        ("IGAAabc", "instagram"),
        ("IGQVabc", "instagram"),
        ("EAABabc", "facebook"),
        ("EAAx", "facebook"),
    ],
)
def test_a_token_tells_its_login(token: str, login: str) -> None:
    assert login_of(token) == login
