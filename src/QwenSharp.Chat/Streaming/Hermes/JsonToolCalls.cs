namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>
/// Hermes' dialect, of Qwen2.5, QwQ and Qwen3: <c>&lt;tool_call&gt; {"name": "f", "arguments": {…}} &lt;/tool_call&gt;</c>. Qwen2.5-Coder
/// writes the object alone, in a block of code or in <c>&lt;tools&gt;</c>.
/// </summary>
internal sealed class JsonToolCalls : ToolCallDialect
{
    private static readonly CallOpening Wrapped = new(CallWatch.Opening) { InReasoning = true },
        Tools = new("<tools>") { IsBare = true },
        Object = new("{") { IsBare = true, AtLineStart = true },
        List = new("[") { IsBare = true, AtLineStart = true };

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } = ["hermes", "json"];

    internal override IReadOnlyList<CallOpening> Openings { get; } = [Wrapped, Tools, CallOpening.Fence, Object, List];

    private protected override bool IsTaughtBy(string template) => template.Contains("<tool_call>", StringComparison.Ordinal);

    internal override CallReading Begin(CallOpening opening, OfferedTools tools, bool isWhole) =>
        opening == Wrapped ? new JsonCallReading(tools, JsonWrapping.Call, isWhole)
        : opening == Tools ? new JsonCallReading(tools, JsonWrapping.Tools, isWhole)
        : opening == CallOpening.Fence ? new JsonCallReading(tools, JsonWrapping.Fence, isWhole)
        : new JsonCallReading(tools, JsonWrapping.None, isWhole);

    internal override HeldReading BeginHeld(OfferedTools tools) => new HeldJsonReading(tools);
}
