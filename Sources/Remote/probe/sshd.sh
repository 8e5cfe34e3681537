# What sshd does in the end, for a connection of root from an address that is nobody's: it prints that itself, but only
# for root.

dw_look_at_sshd() {
    if ! dw_has sshd; then
        dw_put absent
    elif [ "$dw_uid" != 0 ] || ! dw_may_tell_sshd; then
        dw_state=denied
    else
        dw_run_bounded dw_print_sshd 5
    fi
}

# The settings are not private if every account may read them in the file.
dw_may_tell_sshd() {
    [ "$dw_pinned" = yes ] || return 0
    case $(exec stat -L -c %f /etc/ssh/sshd_config) in 8??[4567cdef]) return 0 ;; esac
    dw_is_listed /etc/ssh/sshd_config
}

dw_print_sshd() {
    "$dw_folder/sshd" -T -C user=root,host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=22
    echo "= $?"
}
