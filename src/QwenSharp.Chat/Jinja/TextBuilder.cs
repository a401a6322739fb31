using System.Text;

namespace QwenSharp.Chat.Jinja;

/// <summary>Joins texts and what is known of where they came from; pays for each unit.</summary>
internal sealed class TextBuilder(Budget budget)
{
    private readonly StringBuilder _value = new();
    private readonly List<Run> _untrusted = [];

    public int Length => _value.Length;

    /// <summary>Appends text of the template or of the interpreter itself.</summary>
    public TextBuilder Append(ReadOnlySpan<char> trusted)
    {
        Pay(trusted.Length);
        _value.Append(trusted);
        return this;
    }

    public TextBuilder Append(char trusted) => Append([trusted]);

    public TextBuilder Append(Text text)
    {
        Pay(text.Value.Length);
        int start = _value.Length;
        _value.Append(text.Value);
        foreach (Run run in text.Untrusted)
            Taint(run.Start + start, run.End + start);

        return this;
    }

    /// <summary>Appends text that depends on <paramref name="source"/>, and is untrusted if any of it is.</summary>
    public TextBuilder Append(ReadOnlySpan<char> value, Text source)
    {
        int start = _value.Length;
        Append(value);
        if (!source.IsTrusted)
            Taint(start, _value.Length);

        return this;
    }

    public Text ToText() => _value.Length == 0 ? Text.Empty : Text.WithRuns(_value.ToString(), [.. _untrusted]);

    /// <summary>
    /// As <see cref="ToText"/>, but untrusted as a whole if any part is: for a value written out as JSON or as Python shows it.
    /// </summary>
    public Text ToUniformText() => _untrusted.Count == 0 ? Text.FromTemplate(_value.ToString()) : Text.FromConversation(_value.ToString());

    private void Taint(int start, int end)
    {
        if (start == end)
            return;

        if (_untrusted.Count > 0 && _untrusted[^1].End == start)
        {
            start = _untrusted[^1].Start;
            _untrusted.RemoveAt(_untrusted.Count - 1);
        }

        _untrusted.Add(new(start, end));
    }

    private void Pay(int units)
    {
        budget.Allocate(units);
        if (_value.Length > budget.Limits.OutputLength - units)
            throw new TemplateException($"The template's text grew past its limit of {budget.Limits.OutputLength} characters.");
    }
}
