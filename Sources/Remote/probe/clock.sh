# The server's own clock.

dw_look_at_clock() {
    dw_tell_time
    dw_put "now $dw_time"
}
