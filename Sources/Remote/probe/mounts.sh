# Mounts: the lines of /proc/self/mountinfo whose mount points were asked about, as they are.

# A question is a path as that file writes it.
dw_look_at_mounts() {
    [ -n "${dw_mounts-}" ] || dw_read_file /proc/self/mountinfo dw_mounts
    if [ -z "$dw_mounts" ]; then
        dw_state=unsupported
        return 0
    fi
    dw_count=0
    for dw_line in $dw_mounts; do
        dw_point=${dw_line#* * * * }
        case $dw_nl$dw_asked in *"$dw_nl${dw_point%% *}$dw_nl"*) ;; *) continue ;; esac
        dw_put "$dw_line"
        dw_count=$((dw_count + 1))
        if [ "$dw_count" -ge 1000 ]; then
            dw_state=error
            return 0
        fi
    done
}
