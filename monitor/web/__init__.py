"""The review pages and the APIs over HTTP."""
