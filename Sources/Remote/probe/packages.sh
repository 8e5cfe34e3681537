# Packages: the whole database at once.

# dpkg's own list in dpkg's own letters, and which installed package stands in for a name that was asked about. Where no change waits in its journal, reading the file is several times cheaper
# than dpkg-query, and says the same.
dw_look_at_packages() {
    if ! command -v dpkg-query >/dev/null; then
        dw_say 'pkgs unsupported'
        return 0
    fi
    dw_database=${DPKG_ADMINDIR:-/var/lib/dpkg}
    dw_journal=
    set +f
    for dw_entry in "$dw_database"/updates/*; do [ ! -e "$dw_entry" ] || dw_journal=yes; done
    set -f
    if [ -z "$dw_journal" ] && [ -r "$dw_database/status" ] && command -v awk >/dev/null; then
        if awk -v asked="$dw_provided" '
            function letter(word, words, letters) { return substr(letters, index(words, " " word " ") / 16 + 1, 1) }
            function end() {
                if (name != "" && state != "not-installed")
                    printf "pkg %s%s%s/%s/%s/%s\n", letter(want, wants, "uihrp"), letter(state, states, "ncHUFWti"),
                        error == "ok" ? " " : "R", name, version, architecture
                if (provides != "" && (state == "installed" || state == "triggers-pending")) {
                    count = split(substr(provides, 11), list, ", ")
                    for (i = 1; i <= count; i++) {
                        sub(/[ :].*/, "", list[i])
                        if (list[i] in virtual) printf "provided %s %s\n", list[i], name
                    }
                }
                name = version = architecture = want = state = error = provides = ""
            }
            BEGIN {
                wants = " unknown         install         hold            deinstall       purge           "
                states = " not-installed   config-files    half-installed  unpacked        half-configured "
                states = states "triggers-awaited triggers-pending installed       "
                count = split(asked, list, " ")
                for (i = 1; i <= count; i++) virtual[list[i]]
            }
            /^Package: / { name = $2 }
            /^Version: / { version = $2 }
            /^Architecture: / { architecture = $2 }
            /^Provides: / { provides = $0 }
            /^Status: / { want = $2; error = $3; state = $4 }
            /^$/ { end() }
            END { end() }' "$dw_database/status"; then
            dw_say 'pkgs dpkg'
        else
            dw_say 'pkgs error'
        fi
    elif dpkg-query -W -f 'pkg ${db:Status-Abbrev}/${Package}/${Version}/${Architecture}\n'; then
        dw_say 'pkgs dpkg'
    else
        dw_say 'pkgs error'
    fi
}
