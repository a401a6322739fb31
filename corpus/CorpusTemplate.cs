namespace QwenSharp.Corpus;

/// <summary>The chat template of the model in the box: Qwen3's behaviour, with fewer words before the tools.</summary>
public static class CorpusTemplate
{
    /// <summary>Its Jinja text, <c>chat_template.jinja</c>.</summary>
    public static string Text { get; } = DataFile.Text("chat_template.jinja");
}
