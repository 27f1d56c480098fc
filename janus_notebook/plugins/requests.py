"""What the modules of the plugins write their requests with; it is the client's."""

from janus_notebook.client.requests import NOT_SENT, Extra, Id, Request, body_of, request, requests_of

__all__ = ["NOT_SENT", "Extra", "Id", "Request", "body_of", "request", "requests_of"]
