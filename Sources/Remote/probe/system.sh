# The system: whether its clock is synchronised, and whether it waits for a reboot.

dw_look_at_system() {
    for dw_question in $dw_asked; do
        case $dw_question in
            clock) dw_see_clock ;;
            reboot) dw_see_reboot ;;
        esac
    done
}

# Starts one program, the first that there is, and writes its name and its output.
dw_see_clock() {
    dw_source=none
    if [ -e /run/dbus/system_bus_socket ] && [ -d /run/systemd/system ] && command -v timedatectl >/dev/null; then
        dw_source=timedatectl
    else
        for dw_program in chronyc ntpq adjtimex busybox; do
            if command -v "$dw_program" >/dev/null; then
                dw_source=$dw_program
                break
            fi
        done
    fi
    dw_put "clock $dw_source"
    dw_run_apart dw_ask_clock 6
    dw_put "clock-end $dw_ended"
}

# Runs the function $1 for up to $2 seconds. If it is slow, the topic's other questions are not.
dw_run_apart() {
    dw_run_bounded "$1" "$2"
    dw_ended=$dw_state dw_state=ok
}

dw_ask_clock() {
    case $dw_source in
        timedatectl) timedatectl show -p NTPSynchronized ;;
        chronyc) chronyc -n tracking ;;
        ntpq) ntpq -n -c 'rv 0 leap,stratum' ;;
        adjtimex) adjtimex -p || adjtimex ;;
        busybox) busybox adjtimex ;;
    esac | head -c 4096
}

# Writes the flags that packages leave, the kernel that runs and those that are installed, and what RHEL's program says.
dw_see_reboot() {
    for dw_file in /run/reboot-required /var/run/reboot-required /run/reboot-needed; do
        [ ! -e "$dw_file" ] || dw_put "flag $dw_file"
    done
    read -r dw_line </proc/sys/kernel/osrelease && dw_put "running $dw_line"
    dw_count=0
    set +f
    for dw_folder in /lib/modules/*/; do
        dw_folder=${dw_folder%/}
        # What is left of a removed kernel has no kernel.
        [ -d "$dw_folder/kernel" ] || [ -e "$dw_folder/vmlinuz" ] || continue
        dw_count=$((dw_count + 1))
        [ "$dw_count" -gt 100 ] || dw_put "kernel ${dw_folder##*/}"
    done
    set -f
    if command -v needs-restarting >/dev/null; then
        dw_run_apart dw_ask_restarting 10
        [ "$dw_ended" = ok ] || dw_put "needs-restarting $dw_ended"
    fi
}

dw_ask_restarting() {
    needs-restarting -r >/dev/null
    printf 'needs-restarting %s\n' "$?"
}
