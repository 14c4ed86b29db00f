"""What every response bears and every request is held to, whatever it is about."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from supply.config import Settings

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


def init_security(app: Flask, settings: Settings) -> None:
    """Limits of what is read, headers of what is sent. No CORS: no other site may read anything."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_kb * 1024
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_kb * 1024
    app.config["MAX_FORM_PARTS"] = 5_000
    app.url_map.strict_slashes = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    @app.before_request
    def _take_files() -> None:
        """What takes files says how large a body may be there. Nobody has read any of it yet."""
        most: int | None = getattr(app.view_functions.get(request.endpoint or ""), "most_bytes", None)
        if most is not None:
            request.max_content_length = most

    @app.after_request
    def _protect(response: Response) -> Response:
        # Nobody else says any of these, so nobody looks for them.
        for name, value in HEADERS.items():
            response.headers.add(name, value)
        if settings.secure_cookies and request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
