"""Who is who: the site's certificate authority, devices' keys, and the gateway's receipt keys."""
