# What the server runs: the kernel's architecture, and os-release.

dw_look_at_os() {
    dw_machine=
    if [ -r /proc/sys/kernel/arch ]; then read -r dw_machine </proc/sys/kernel/arch; else dw_machine=$(uname -m); fi
    dw_put "machine $dw_machine"
    for dw_file in /etc/os-release /usr/lib/os-release; do
        if [ -r "$dw_file" ]; then
            dw_read_start 8192 "$dw_file"
            dw_put "$dw_start"
            return 0
        fi
    done
}
