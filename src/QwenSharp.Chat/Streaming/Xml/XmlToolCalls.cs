namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>
/// The dialect of Qwen3-Coder and Qwen3.5: <c>&lt;tool_call&gt; &lt;function=f&gt; &lt;parameter=p&gt; value &lt;/parameter&gt; …
/// &lt;/function&gt; &lt;/tool_call&gt;</c>. A value is bare text, without the newline on either side. Coder often leaves out the
/// outermost opening tag.
/// </summary>
internal sealed class XmlToolCalls : ToolCallDialect
{
    private static readonly CallOpening Wrapped = new(CallWatch.Opening) { InReasoning = true },
        Function = new("<function=") { IsBare = true, InReasoning = true };

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } = ["xml"];

    internal override IReadOnlyList<CallOpening> Openings { get; } = [Wrapped, Function, CallOpening.Fence];

    private protected override bool IsTaughtBy(string template) =>
        template.Contains("<function=", StringComparison.Ordinal) && template.Contains("<parameter=", StringComparison.Ordinal);

    internal override CallReading Begin(CallOpening opening, OfferedTools tools, bool isWhole) =>
        opening == CallOpening.Fence ? new NoCallReading(opening) : new XmlCallReading(tools, opening == Function, isWhole);

    internal override HeldReading BeginHeld(OfferedTools tools) => new HeldXmlReading(tools);
}
