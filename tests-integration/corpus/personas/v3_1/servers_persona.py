from jupyter_ai_persona_manager import BasePersona, McpServerHttp, McpServerStdio, PersonaDefaults


class ServersPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Servers", description="Reads the MCP settings", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        settings = self.get_mcp_settings()
        if settings is None:
            self.send_message("no servers")
            return
        lines = []
        for server in settings.mcp_servers:
            if isinstance(server, McpServerHttp):
                headers = {h.name: h.value for h in server.headers}
                lines.append(f"http {server.name} {server.url} {headers.get('X-Course')}")
            elif isinstance(server, McpServerStdio):
                env = {var.name: var.value for var in server.env}
                lines.append(f"stdio {server.name} {server.command} {server.args} {env}")
        self.send_message("\n\n".join(lines))
