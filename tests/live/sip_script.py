"""What a SIP peer does in one call, as text for Debian's sipp (its XML scenarios).

``Script().gets_call().says("180 Ringing").says("200 OK", SDP).gets("ACK").gets("BYE").agrees()``
"""

from __future__ import annotations

from typing import Self
from xml.sax.saxutils import quoteattr

SDP = """v=0
o=sipp 1 1 IN IP4 [media_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
SDP_HEADER = "Content-Type: application/sdp"

# Of the first message of the call: what our own messages in it need.
REMEMBERED = """<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="them"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
<ereg regexp="sip:[^;>]*" search_in="hdr" header="Contact:" assign_to="contact"/>
<assignstr assign_to="us" value="[$to];tag=[call_number]"/>"""
# Of the answer to our own first message.
ANSWERED = """<ereg regexp=".*" search_in="hdr" header="To:" assign_to="them"/>
<ereg regexp="sip:[^;>]*" search_in="hdr" header="Contact:" assign_to="contact"/>"""

US = "<sip:peer@[local_ip]:[local_port]>"
THEM = "<sip:[service]@[remote_ip]:[remote_port]>"
BRANCH = "z9hG4bK-first-[pid]-[call_number]"


class Script:
    """The steps of one call, in their order. A step that does not come as it is written is a failure."""

    def __init__(self) -> None:
        self._steps: list[str] = []
        self._sent = 0
        self._variables: set[str] = set()

    def __str__(self) -> str:
        names = ",".join(sorted(self._variables))
        steps = "\n".join(self._steps)
        # Every variable counts as used, which sipp insists on.
        return f'<scenario name="peer">\n{steps}\n<Reference variables="{names}"/>\n</scenario>\n'

    # -- as the one who is called

    def gets_first(self, method: str, *wanted: str) -> Self:
        """The message that begins it; each of `wanted` is a regular expression for all of its text."""
        self._variables |= {"via", "cseq", "them", "to", "contact", "us"}
        return self._receive("request", method, REMEMBERED, wanted)

    def says(self, status: str, body: str = "", *headers: str) -> Self:
        """Answer the message that began it."""
        lines = [f"SIP/2.0 {status}", "Via:[$via]", "From:[$them]", "To:[$us]", "[last_Call-ID:]"]
        return self._send([*lines, "CSeq:[$cseq]", *headers], body)

    # -- as the one who calls

    def begins(self, method: str, body: str = "", *headers: str) -> Self:
        """Send the first message, to ``[service]`` at the address that sipp was given."""
        self._variables |= {"us"}
        self._steps.append(
            f'<nop><action><assignstr assign_to="us" value={quoteattr(" " + US)}/></action></nop>'
        )
        self._sent = 1
        lines = [f"{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0"]
        lines += [f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={BRANCH}"]
        lines += [f"From: {US};tag=[call_number]", f"To: {THEM}", "Call-ID: [call_id]", f"CSeq: 1 {method}"]
        return self._send([*lines, "Max-Forwards: 70", *headers], body)

    def hears_first(self, status: int, *wanted: str) -> Self:
        """The final answer to the first message."""
        if status < 300:
            self._variables |= {"them", "contact"}
        action = ANSWERED + f'<assignstr assign_to="us" value={quoteattr(f" {US};tag=[call_number]")}/>'
        return self._receive("response", str(status), action if status < 300 else "", wanted)

    def acks(self, body: str = "", *headers: str) -> Self:
        """Confirm that it was accepted."""
        return self._ask("ACK", 1, body, headers)

    def gives_up(self) -> Self:
        """Cancel the first message, and see it end."""
        lines = ["CANCEL sip:[service]@[remote_ip]:[remote_port] SIP/2.0"]
        lines += [f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={BRANCH}"]
        lines += [f"From: {US};tag=[call_number]", f"To: {THEM}", "Call-ID: [call_id]", "CSeq: 1 CANCEL"]
        self._send([*lines, "Max-Forwards: 70", 'Reason: SIP;cause=487;text="changed my mind"'], "")
        return self.hears(200).hears(487).refused()

    def refused(self) -> Self:
        """Confirm that the first message was refused."""
        lines = ["ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0"]
        lines += [f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={BRANCH}"]
        lines += [f"From: {US};tag=[call_number]", "[last_To:]", "Call-ID: [call_id]", "CSeq: 1 ACK"]
        return self._send(lines, "")

    # -- in the call

    def gets(self, method: str, *wanted: str, without: str = "") -> Self:
        """A request; `without` is a regular expression that must not fit."""
        return self._receive("request", method, "", wanted, without)

    def agrees(self, status: str = "200 OK", body: str = "", *headers: str) -> Self:
        """Answer the request that came last."""
        lines = [f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]"]
        return self._send([*lines, "[last_CSeq:]", *headers], body)

    def asks(self, method: str, body: str = "", *headers: str) -> Self:
        """Send a request, and have it answered with a success."""
        self._sent += 1
        self._ask(method, self._sent, body, headers)
        return self.hears(202 if method == "REFER" else 200)

    def invites_again(self, body: str) -> Self:
        """Change the media of the call."""
        self._sent += 1
        self._ask("INVITE", self._sent, body, ())
        self.hears(100, optional=True).hears(200)
        return self._ask("ACK", self._sent, "", ())

    def hears(self, status: int, *wanted: str, optional: bool = False) -> Self:
        """An answer."""
        return self._receive("response", str(status), "", wanted, optional=optional)

    # -- the text

    def _ask(self, method: str, number: int, body: str, headers: tuple[str, ...]) -> Self:
        lines = [f"{method} [$contact] SIP/2.0"]
        lines += ["Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"]
        lines += ["From:[$us]", "To:[$them]", "[last_Call-ID:]", f"CSeq: {number} {method}"]
        return self._send([*lines, "Max-Forwards: 70", *headers], body)

    def _send(self, lines: list[str], body: str) -> Self:
        lines += ["Contact: <sip:peer@[local_ip]:[local_port]>"]
        if body == SDP and SDP_HEADER not in lines:
            lines.append(SDP_HEADER)
        text = "\n".join([*lines, "Content-Length: [len]", "", body])
        self._steps.append(f"<send><![CDATA[\n{text}\n]]></send>")
        return self

    def _receive(
        self,
        kind: str,
        what: str,
        action: str,
        wanted: tuple[str, ...],
        without: str = "",
        *,
        optional: bool = False,
    ) -> Self:
        checks = [("check_it", text) for text in wanted]
        if without:
            checks.append(("check_it_inverse", without))
        if checks:
            self._variables.add("found")
        for check, text in checks:
            action += f'<ereg regexp={quoteattr(text)} search_in="msg" {check}="true" assign_to="found"/>'
        attributes = f'{kind}="{what}"' + (' optional="true"' if optional else "")
        inner = f"<action>\n{action}\n</action>" if action else ""
        self._steps.append(f"<recv {attributes}>{inner}</recv>")
        return self


# A registrar: each account is a call of its own, which goes on as long as REGISTERs come.
REGISTRAR = """<scenario name="registrar">
<recv request="REGISTER"><action>
  <ereg regexp="sip:[^;>]*" search_in="hdr" header="Contact:" assign_to="contact"/>
  <ereg regexp="sip:([^@]*)@" search_in="hdr" header="To:" assign_to="whole,user"/>
  <log message="[$user] is at [$contact]"/>
</action></recv>
<send next="answer"><![CDATA[
SIP/2.0 401 Unauthorized
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="wonder", algorithm=MD5, nonce="c0ffee"
Content-Length: 0

]]></send>
<label id="answer"/>
<recv request="REGISTER"><action>
  <verifyauth assign_to="is_alice" username="alice" password="wonderland"/>
  <verifyauth assign_to="is_bob" username="bob" password="wonderland"/>
</action></recv>
<nop test="is_alice" next="taken"/>
<nop test="is_bob" next="taken"/>
<send next="end"><![CDATA[
SIP/2.0 403 Forbidden
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="taken"/>
<send next="answer"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Contact:]
X-Registrar: sipp
Content-Length: 0

]]></send>
<label id="end"/>
<nop/>
<Reference variables="whole,user,contact,is_alice,is_bob"/>
</scenario>
"""
