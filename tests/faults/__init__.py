"""Each fault of a network, a server or a consumer: what the user sees of it, and after how long.

`timeout` is the session's, 10 s unless told otherwise. A session is "lost or back" as `recover` says: with
None it is ``lost`` at once; with ``"claim"`` or ``"recreate"`` it is ``reconnecting``, then ``recovered``, or
``lost`` when `recover_timeout` (60 s; for ``"claim"`` at most the time that the server keeps sessions, and
4 s) is over. "Lost" always comes with `session.reason`, a sentence; handles are then ``detached``. Nothing
hangs in any of them: a request ends by its own deadline at the latest, `destroy` within one and 10 s.

==============================================  =============================================  ==============
fault                                           what the user sees                             within
==============================================  =============================================  ==============
connection refused                              `create`: JanusConnectionError "was refused"   at once
closed or reset, ws and unix                    requests: JanusConnectionError; session lost   at once; back
                                                or back                                        in 0.1 s
closed or reset, a TCP connection of http       the request in it: JanusProtocolError "closed  at once
                                                the connection without an answer"; session
                                                stays, a poll is repeated
nothing kept (reclaim_session_timeout is 0)     with ``"claim"``: lost, "... so there is       at once
                                                nothing to claim; recover='recreate' would
                                                ..."
half-open, with WebSocket pings                 session lost or back, "stopped answering       ping_interval
                                                pings"                                         + ping_timeout
half-open, without pings, any transport         session lost or back, "stopped answering:      a keepalive's
                                                nothing came for ... s"                        interval, and
                                                                                               `timeout`
half-open, one TCP connection of http           its request: JanusTimeoutError, unless its     its deadline
                                                event comes; session stays
half-open, a poll of http                       session lost or back                           poll_timeout
closed at any byte of a WebSocket frame         JanusConnectionError; no part of the message   at once
                                                is taken
closed at any byte of an HTTP answer            that request: JanusProtocolError; session      at once
                                                stays
closed in the answer to a poll                  its events are gone; their requests:           their deadline
                                                JanusTimeoutError; session stays
server killed, not started again                requests: JanusConnectionError or              recover_timeout
                                                JanusStateError; session lost, "did not come
                                                back within ... s: ..."
server killed and started again                 None, ``"claim"``: lost, "no longer knows      at once; unix+
                                                session"; ``"recreate"``: the same handles     dgram: the next
                                                with new ids, requests meanwhile wait          request
server stopped for less than the timeouts       requests are late                              -
server stopped for longer                       as half-open; claimed when it goes on          as half-open
session timed out by the server                 requests: JanusStateError "timed out on the    at once
                                                server"; None, ``"claim"``: lost;
                                                ``"recreate"``: back
session forgotten by the server                 the next request: JanusServerError 458; then   a keepalive's
                                                the same                                       interval
handle detached by the server                   requests on it: JanusStateError "was           at once
                                                detached"; the session and its other handles
                                                stay; `attach` works again
a reply that never comes                        JanusTimeoutError; session stays               its deadline
a reply that comes twice                        the first counts; the log has both             -
a reply after the deadline                      in the log; what `create` (on a shared         -
                                                connection) or `attach` made is undone
a reply that names another session              the transaction decides                        -
an event that names another session             in the log; ends nothing of ours               -
events ahead of acks, replies reordered         nothing                                        -
a detach that overtakes a request               the request: JanusStateError "was detached"    at once
`detach` while a request is unanswered          waits, then detaches                           3 s
100,000 events, a consumer that sleeps          the oldest are dropped and counted, in the     -
                                                stream and in the log; other requests go on
a consumer that raises                          its own task fails; nothing else               -
a plugin class whose `on_event` raises          an ``error`` entry in the log; nothing else    -
no JSON, no message, an unknown kind            an ``error`` entry or an event in the log;     its deadline
                                                a request that it was for: JanusTimeoutError
                                                (http: JanusProtocolError, at once)
no WebSocket frame                              session lost or back                           at once, or as
                                                                                               half-open
more than max_size                              ws, unix: session lost or back, with the       at once
                                                option's name; http: JanusProtocolError
a loss on the way back, at any step             it goes on from there: one session, with all   recover_timeout
                                                handles
the shared connection closed on the way back    sessions end, "closed on our side"             at once
`destroy` on the way back                       ``closed``                                     at once
==============================================  =============================================  ==============

With a server whose sessions never expire (session_timeout is 0) there are no keepalives: over ws pings
find a half-open connection, over http polls do, and over unix requests run into their deadlines.
"""
