from jupyter_ai_persona_manager import (
    BasePersona,
    CommandOption,
    ModelConfiguration,
    ModelOption,
    PersonaDefaults,
    SettingConfiguration,
    SettingOption,
    Usage,
)


class ModelsPersona(BasePersona):
    """Offers models and settings, and reports what it used."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.report_model_configuration(
            ModelConfiguration(
                current="small",
                options=[ModelOption(id="small"), ModelOption(id="large", name="Large")],
                settings=[],
            )
        )
        self.report_settings_configuration(
            [
                SettingConfiguration(
                    id="tone", current="kind", options=[SettingOption(id="kind"), SettingOption(id="dry")]
                )
            ]
        )
        self.report_slash_commands([CommandOption(name="/compact", description="Shorten")])

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Models", description="Offers models", avatar_path="", system_prompt=""
        )

    async def update_model(self, model_id: str) -> None:
        self.log.info("model %s", model_id)

    async def update_settings(self, settings: dict[str, str | None]) -> None:
        self.log.info("settings %s", settings)

    async def process_message(self, message):
        self.report_usage(Usage(input_tokens=10, output_tokens=2))
        self.report_usage(Usage(output_tokens=3), append=True)
        usage = self.get_usage()
        self.send_message(
            f"model {self.get_model()}, settings {self.get_settings()}, "
            f"options {[o.id for o in self.get_model_configuration().options]}, "
            f"tokens {usage.input_tokens}+{usage.output_tokens}, "
            f"commands {[c.name for c in self.get_slash_commands()]}"
        )
