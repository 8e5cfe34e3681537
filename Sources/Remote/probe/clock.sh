# The server's own clock.

dw_look_at_clock() { dw_put "now $(date +%s)"; }
