using System.Numerics;
using System.Runtime.CompilerServices;

namespace QwenSharp.Chat.Jinja;

/// <summary>What one rendering has used of its <see cref="TemplateLimits"/>. Every operation pays before it works.</summary>
internal sealed class Budget(TemplateLimits limits)
{
    private long _steps;
    private long _allocated;
    private int _depth;

    public TemplateLimits Limits { get; } = limits;

    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > Limits.Steps || count < 0)
            throw new TemplateException($"The template ran past its limit of {Limits.Steps} steps.");

        // The depth of an expression, a value or a chain of filters is data; the stack is not.
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException("The template nests too deeply.");
    }

    /// <summary>Pays for searching <paramref name="needle"/> in <paramref name="text"/> units, which may compare every pair.</summary>
    public void Search(int text, int needle) => Step(1 + ((long)text * Math.Max(1, needle) / 4096));

    public void Allocate(long units)
    {
        _allocated += units;
        if (_allocated > Limits.Allocated || units < 0)
            throw new TemplateException($"The template built more than its limit of {Limits.Allocated} characters.");
    }

    /// <summary>Pays for a list of <paramref name="count"/> items: the list, and a small object for each.</summary>
    public void AllocateItems(long count)
    {
        Step(count);
        Allocate((count + 1) * 16);
    }

    public void Enter()
    {
        if (++_depth > Limits.Depth)
            throw new TemplateException($"The template calls itself more than {Limits.Depth} levels deep.");
    }

    public void Leave() => _depth--;

    public BigInteger Fit(BigInteger value)
    {
        Step(1 + (value.GetByteCount() / 64));
        return value.GetByteCount() * 8L <= Limits.IntegerBits ? value
            : throw new TemplateException($"An integer of the template has more than {Limits.IntegerBits} bits.");
    }
}
