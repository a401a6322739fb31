using System.Text;
using QwenSharp.Faults;

namespace QwenSharp.Generation;

/// <summary>
/// Finds the first stop string in a growing text, whatever pieces the text arrives in, and holds back what may still
/// become one. A Knuth–Morris–Pratt automaton runs for each stop string, so the work is linear in the text.
/// </summary>
internal sealed class StopStringMatcher
{
    private readonly string[] _stops;
    private readonly int[][] _failure;
    private readonly int[] _matched;
    private readonly StringBuilder _held = new();

    /// <exception cref="ArgumentException">A stop string is empty.</exception>
    public StopStringMatcher(IEnumerable<string> stops)
    {
        _stops = [.. stops];
        if (_stops.Any(string.IsNullOrEmpty))
        {
            throw new OptionException(
                OptionFault.Of(FaultKind.OutOfRange, nameof(TextGenerationOptions.Stop), "may hold no empty string."));
        }

        _failure = [.. _stops.Select(Failure)];
        _matched = new int[_stops.Length];
    }

    /// <summary>The stop string that was found; null before one is.</summary>
    public string? Found { get; private set; }

    /// <summary>
    /// Takes the next piece of text and appends to <paramref name="released"/> what no stop string can touch any more.
    /// </summary>
    /// <returns>True when a stop string is complete: the released text ends just before it, and the matcher is done.</returns>
    public bool Push(ReadOnlySpan<char> text, StringBuilder released)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int longest = Advance(text[i]);
            if (longest > 0)
            {
                _held.Append(text[..(i + 1)]);
                released.Append(_held, 0, _held.Length - longest);
                _held.Clear();
                return true;
            }
        }

        _held.Append(text);
        int keep = 0;
        foreach (int matched in _matched)
            keep = Math.Max(keep, matched);

        released.Append(_held, 0, _held.Length - keep);
        _held.Remove(0, _held.Length - keep);
        return false;
    }

    /// <summary>Releases what was held back: the text ended without a stop string.</summary>
    public void Flush(StringBuilder released)
    {
        released.Append(_held);
        _held.Clear();
        Array.Clear(_matched);
    }

    /// <summary>The length of the longest stop string that ends with <paramref name="next"/>, or 0.</summary>
    private int Advance(char next)
    {
        int longest = 0;
        for (int s = 0; s < _stops.Length; s++)
        {
            string stop = _stops[s];
            int matched = _matched[s];
            while (matched > 0 && stop[matched] != next)
                matched = _failure[s][matched - 1];

            _matched[s] = stop[matched] == next ? matched + 1 : 0;
            if (_matched[s] == stop.Length && stop.Length > longest)
                (longest, Found) = (stop.Length, stop);
        }

        return longest;
    }

    /// <summary>For each prefix, the length of its longest proper prefix that is also its suffix.</summary>
    private static int[] Failure(string pattern)
    {
        int[] failure = new int[pattern.Length];
        for (int i = 1, length = 0; i < pattern.Length; i++)
        {
            while (length > 0 && pattern[i] != pattern[length])
                length = failure[length - 1];

            if (pattern[i] == pattern[length])
                length++;

            failure[i] = length;
        }

        return failure;
    }
}
