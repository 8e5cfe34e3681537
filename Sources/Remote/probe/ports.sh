# Ports: the sockets that wait for others, as the kernel lists them.

dw_look_at_ports() {
    dw_tables=
    for dw_table in tcp tcp6 udp udp6; do
        if [ -r "/proc/net/$dw_table" ]; then
            dw_tables="$dw_tables/proc/net/$dw_table$dw_nl"
        elif [ -e "/proc/net/$dw_table" ]; then
            dw_state=denied
            return 0
        fi
    done
    if [ -z "$dw_tables" ]; then
        dw_state=unsupported
        return 0
    fi
    # The numbers of addresses are in the machine's order of bytes: the sixth byte of every program.
    dw_read_start 6 /proc/self/exe
    if [ -n "${BASH_VERSION-}" ]; then printf -v dw_one '\001'; else dw_one=$(printf '\001'); fi
    case $dw_start in *"$dw_one") dw_put 'order little' ;; ??????) dw_put 'order big' ;; esac
    # Shells that read single bytes get only the first one of this file.
    dw_read_file /proc/sys/net/ipv4/ip_local_port_range dw_line
    dw_put "clients ${dw_line%"$dw_nl"}"
    # Without an address at the other end: listening, or for UDP not connected.
    # shellcheck disable=SC2086
    dw_seen=$(exec grep -Hm 2000 -E ': [0-9A-F]+:[0-9A-F]{4} 0+:0000 (0A|07) ' $dw_tables)
    [ $? -le 1 ] || dw_state=error
    dw_put "$dw_seen"
    # Only root is told whose sockets they are. Without the names, the ports stand.
    if [ "$dw_uid" = 0 ] && [ "$dw_state" = ok ] && command -v ss >/dev/null; then
        dw_run_bounded dw_list_owners 5
        dw_state=ok
    fi
}

dw_list_owners() {
    ss -Hlntupe | awk -F '"|ino:| sk:' 'NF > 4 { print "owner", $(NF - 1), $2 } NR > 2000 { exit }'
}
