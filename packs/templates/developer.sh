# Read by every login shell.
export EDITOR=vim
export PAGER=less
