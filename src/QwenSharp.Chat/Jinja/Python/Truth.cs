using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>bool(value)</c>.</summary>
internal static class Truth
{
    public static bool Of(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        BigInteger i => !i.IsZero,
        double d => d != 0,
        Text text => text.Value.Length > 0,
        Sequence sequence => sequence.Count > 0,
        Mapping mapping => mapping.Count > 0,
        MappingView view => view.Mapping.Count > 0,
        Range range => range.Count > 0,
        _ => true,
    };
}
