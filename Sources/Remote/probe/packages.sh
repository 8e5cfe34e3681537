# Packages: dpkg's whole database at once, as its own fields. Other package managers are asked if dpkg has none.

# For the second half of the script, which must not contain this sign.
dw_caret=^

# If dpkg's journal is empty, reading its file is several times cheaper than dpkg-query, with the same result.
dw_look_at_packages() {
    dw_database=${DPKG_ADMINDIR:-/var/lib/dpkg}
    if [ ! -s "$dw_database/status" ]; then
        dw_note_question installed
    fi
    if ! command -v dpkg-query >/dev/null; then
        dw_put 'pkgs unsupported'
        return 0
    fi
    dw_fields='Package: ${Package}\nStatus: ${Status}\nVersion: ${Version}\nArchitecture: ${Architecture}\n'
    dw_fields=$dw_fields'Provides: ${Provides}\n\n'
    dw_journal=
    set +f
    for dw_entry in "$dw_database"/updates/*; do [ ! -e "$dw_entry" ] || dw_journal=yes; done
    set -f
    if [ -z "$dw_journal" ] && grep -aE '^(Package|Status|Version|Architecture|Provides): |^$' "$dw_database/status" ||
        dpkg-query -W -f "$dw_fields"; then
        dw_put 'pkgs dpkg'
    else
        dw_put 'pkgs error'
    fi
}
