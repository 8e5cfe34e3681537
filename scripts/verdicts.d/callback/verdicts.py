"""What Ansible says in check mode: prints `SITUATION ITEM holds|drift|untold` for each task that is called `item ITEM`."""

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "verdicts"

    def say(self, result, answer):
        name = result._task.get_name()
        if name.startswith("item "):
            print(result._host.get_name(), name[5:], answer, flush=True)

    def v2_runner_on_ok(self, result):
        self.say(result, "drift" if result._result.get("changed") else "holds")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        # An assertion that is not true, and not one that cannot be evaluated.
        self.say(result, "drift" if result._result.get("evaluated_to") is False else "untold")

    def v2_runner_on_unreachable(self, result):
        self.say(result, "untold")

    def v2_runner_on_skipped(self, result):
        self.say(result, "untold")
