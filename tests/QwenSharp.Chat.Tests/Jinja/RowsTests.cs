using System.Text.Json;
using System.Text.RegularExpressions;

namespace QwenSharp.Chat.Tests.Jinja;

/// <summary>
/// Expressions and statements with what Jinja2 3.1 on Python 3.11 makes of them, errors included; a null error may read differently.
/// </summary>
public sealed partial class RowsTests
{
    [Fact]
    public void Every_row_renders_or_fails_as_in_Jinja2()
    {
        string variables = Resource("rows.variables.json");
        List<string> wrong = [];
        string[] rows = Resource("rows.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (JsonElement row in rows.Select(line => JsonElement.Parse(line)))
        {
            string template = row.GetProperty("template").GetString()!;
            string? expected = row.TryGetProperty("text", out JsonElement text) ? text.GetString() : null;
            string? error = row.TryGetProperty("error", out JsonElement message) ? message.GetString() : null;
            (string? rendered, string? failed) = Render(template, variables);
            if (rendered != expected || (error is not null && error != failed))
                wrong.Add($"{template}\n  expected {expected ?? error}\n  got      {rendered ?? failed}");
        }

        Assert.Empty(wrong);
        Assert.True(rows.Length > 800);
    }

    [GeneratedRegex("^line [0-9]+: ")]
    private static partial Regex LinePrefix { get; }

    private static (string? Text, string? Error) Render(string template, string variables)
    {
        try
        {
            return (Templates.Text(template, variables), null);
        }
        catch (TemplateException exception)
        {
            return (null, LinePrefix.Replace(exception.Message, string.Empty));
        }
    }

    private static string Resource(string name)
    {
        using StreamReader reader = new(typeof(RowsTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
