"""Return addresses: what may be used, and everything that two readers could read differently."""

from __future__ import annotations

import pytest

from emrex_gateway.errors import BadReturnAddress
from emrex_gateway.network import check_return_url


def host(url: str, *, http: bool = False, allowed: frozenset[str] = frozenset()) -> str:
    return check_return_url(url, http_on_loopback=http, allowed_hosts=allowed)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://client.example/return", "client.example"),
        ("https://client.example", "client.example"),
        ("https://client.example?x=1", "client.example"),
        ("https://client.example:8443/a/b?c=d&e=%2F;f", "client.example"),
        ("HTTPS://Client.EXAMPLE/A", "client.example"),
        ("https://sub_1.client-2.example/", "sub_1.client-2.example"),
        ("https://localhost/", "localhost"),
        ("https://192.0.2.7/x", "192.0.2.7"),
        ("https://[2001:DB8::0:1]:444/x", "[2001:db8::1]"),
        ("https://münchen.example/", "xn--mnchen-3ya.example"),
        ("https://日本.example/", "xn--wgv71a.example"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"),
        ("https://client.example/pää?ö=ä", "client.example"),
        ("https://client.example/a@b?c@d", "client.example"),
        ("https://client.example//evil.example/", "client.example"),
        ("https://client.example/?next=https://evil.example", "client.example"),
        ("https://client.example/" + "x" * 1977, "client.example"),
        # Looks like another name; shown as punycode, it does not.
        ("https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"),
    ],
)
def test_good_addresses_give_the_host_that_is_shown(url: str, expected: str) -> None:
    """Lower case, punycode, without the port."""
    assert expected == host(url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "empty"),
        ("https://client.example/" + "x" * 1978, "longer than 2000"),
        ("https://client.example/" + "x" * 3000, "longer than 2000"),
        ("http://client.example/", "not https"),
        ("ftp://client.example/", "not an absolute https"),
        ("javascript:alert(1)//https://a.example", "not an absolute https"),
        ("data:text/html,x", "not an absolute https"),
        ("file:///etc/passwd", "not an absolute https"),
        ("//client.example/x", "not an absolute https"),
        ("/return", "not an absolute https"),
        ("client.example", "not an absolute https"),
        ("https:client.example", "not an absolute https"),
        ("https:/client.example", "not an absolute https"),
        ("https:///client.example", "not an absolute https"),
        ("https://", "not an absolute https"),
        ("https://?x", "not an absolute https"),
        ("https:\\\\evil.example", "no address may have"),
        ("https://client.example\\@evil.example", "no address may have"),
        ("https://client.example/\\evil", "no address may have"),
        (" https://client.example/", "no address may have"),
        ("https://client.example/ ", "no address may have"),
        ("https://client.example/a b", "no address may have"),
        ("https://cli\tent.example/", "no address may have"),
        ("htt\nps://client.example/", "no address may have"),
        ("https://client.example/\r\nSet-Cookie: x", "no address may have"),
        ("https://client.example/\x00", "no address may have"),
        ("https://client.example/\u2028", "no address may have"),
        ("https://client.example/\u202egpj", "no address may have"),
        ("https://client.example/\u00a0", "no address may have"),
        ("https://client.example/\ufeff", "no address may have"),
        ("https://client.example/\ud800", "no address may have"),
        ("https://client.example/\"onload='x", "no address may have"),
        ("https://client.example/<script>", "no address may have"),
        ("https://client.example/#x", "fragment"),
        ("https://client.example#@evil.example", "fragment"),
        ("https://user@client.example/", "user name"),
        ("https://user:word@client.example/", "user name"),
        ("https://client.example@evil.example/", "user name"),
        ("https://@client.example/", "user name"),
        ("https://client.example:/", "host and port"),
        ("https://client.example:0/", "host and port"),
        ("https://client.example:65536/", "host and port"),
        ("https://client.example:99999999/", "host and port"),
        ("https://client.example:8a/", "host and port"),
        ("https://client.example:\u0661/", "host and port"),
        ("https://client.example:1:2/", "host and port"),
        ("https://:443/", "host and port"),
        ("https://[::1/", "host and port"),
        ("https://::1/", "host and port"),
        ("https://[fe80::1%25eth0]/", "host and port"),
        ("https://[::1]x/", "host and port"),
        ("https://[1.2.3.4]/", "valid host"),
        ("https://[:::]/", "valid host"),
        ("https://client%2eexample/", "valid host"),
        ("https://client.example%2f@evil/", "user name"),
        ("https://client.example./", "valid host"),
        ("https://.client.example/", "valid host"),
        ("https://client..example/", "valid host"),
        ("https://-client.example/", "valid host"),
        ("https://client-.example/", "valid host"),
        ("https://client;example/", "valid host"),
        ("https://client,example/", "valid host"),
        ("https://cli*ent.example/", "valid host"),
        ("https://" + "a" * 64 + ".example/", "valid host"),
        ("https://" + "a." * 127 + "example/", "valid host"),
        ("https://127.1/", "number for a host"),
        ("https://2130706433/", "number for a host"),
        ("https://0x7f.0.0.1/", "number for a host"),
        ("https://0x7f000001/", "number for a host"),
        ("https://1.2.3.256/", "number for a host"),
        ("https://01.02.03.04/", "number for a host"),
        ("https://1.2.3.4.5/", "number for a host"),
        ("https://a.b.0x/", "number for a host"),
        ("https://MÜNCHEN.example/", "write differently"),
        ("https://straße.example/", "write differently"),
        ("https://βόλος.example/", "write differently"),
        ("https://xn--strae-oqa.example/", "write differently"),
        ("https://ⓔvil.example/", "write differently"),
        ("https://client。example/", "write differently"),
        ("https://client\uff0eexample/", "write differently"),
        ("https://evil.example\u2215client.example/", "write differently"),
        ("https://evil.example\uff0fclient.example/", "write differently"),
        ("https://evil.example℀/", "write differently"),
        ("https://\u212aclient.example/", "write differently"),
        ("https://mu\u0308nchen.example/", "write differently"),
        ("https://xn--a/", "write differently"),
        ("https://xn--/", "write differently"),
        ("https://xn--example-.com/", "write differently"),
        ("https://XN--MNCHEN-3YA-.example/", "write differently"),
        ("http\u017f://client.example/", "not an absolute https"),
    ],
)
def test_bad_addresses(url: str, sentence: str) -> None:
    """Each for its own reason; and the address itself never stands in the message."""
    with pytest.raises(BadReturnAddress, match=sentence) as caught:
        host(url)
    assert "example" not in str(caught.value)
    with pytest.raises(BadReturnAddress):
        host(url, http=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000/x",
        "http://127.0.0.4/",
        "http://127.255.255.254/",
        "http://[::1]:99/",
        "http://localhost:8080/return",
        "HTTP://LOCALHOST/",
    ],
)
def test_http_only_on_loopback_and_only_when_configured(url: str) -> None:
    """For tests and the demonstration; never in production."""
    assert host(url, http=True)
    with pytest.raises(BadReturnAddress, match="not https"):
        host(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/",
        "http://128.0.0.1/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::2]/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://evil.localhost/",
    ],
)
def test_http_elsewhere_is_never_accepted(url: str) -> None:
    """Loopback is these addresses and this name, not what looks like them."""
    with pytest.raises(BadReturnAddress, match="not https"):
        host(url, http=True)


def test_the_institutions_list_is_of_exact_hosts() -> None:
    """No suffixes: a listed host's subdomain is somebody else."""
    allowed = frozenset({"Client.example", "münchen.example", " [2001:db8::1] "})
    for url in (
        "https://client.example/",
        "https://CLIENT.example:8443/x",
        "https://xn--mnchen-3ya.example/",
        "https://münchen.example/",
        "https://[2001:db8:0::1]/",
    ):
        assert host(url, allowed=allowed)
    for url in (
        "https://sub.client.example/",
        "https://evilclient.example/",
        "https://client.example.evil.example/",
        "https://example/",
    ):
        with pytest.raises(BadReturnAddress, match="not on the institution's list"):
            host(url, allowed=allowed)


def test_a_broken_entry_of_the_list_opens_nothing() -> None:
    """A list that holds only a mistake allows nobody, instead of everybody."""
    with pytest.raises(BadReturnAddress, match="not on the institution's list"):
        host("https://client.example/", allowed=frozenset({"https://client.example"}))
