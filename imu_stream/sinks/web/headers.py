"""What every answer says to the browser: run nothing but this page, show it nowhere else."""

from imu_stream.sinks.web.access import Gate


def security_headers(gate: Gate, host: str) -> dict[str, str]:
    """Headers for an answer to a request that was sent to `host`."""
    # some browsers do not count a WebSocket to the same place as 'self'
    is_own = gate.refuses_host({"Host": host}) is None
    socket = f" {gate.scheme.replace('http', 'ws')}://{host}" if is_own else ""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self'{socket}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), screen-wake-lock=(self)",
        "Cache-Control": "no-store",
        "Server": "imu-stream",
    }
