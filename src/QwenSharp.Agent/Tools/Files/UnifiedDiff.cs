using System.Text;
using DiffPlex;
using DiffPlex.Model;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>The difference of two texts as <c>diff -u</c> writes it.</summary>
internal static class UnifiedDiff
{
    private const int ContextLines = 3;

    /// <summary>The difference; empty where there is none.</summary>
    /// <param name="name">The file's.</param>
    /// <param name="old">The text before; null where there was no file.</param>
    /// <param name="new">The text after; null where there is none any more.</param>
    public static string Of(string name, string? old, string? @new)
    {
        string before = Even(old), after = Even(@new);
        DiffResult diff = Differ.Instance.CreateLineDiffs(before, after, ignoreWhitespace: false);
        if (diff.DiffBlocks.Count == 0)
            return "";

        StringBuilder text = new();
        text.Append($"--- {(old is null ? "/dev/null" : name)}\n+++ {(@new is null ? "/dev/null" : name)}\n");
        if (before.Length == 0 || after.Length == 0)
            return Whole(text, before, after);

        for (int first = 0; first < diff.DiffBlocks.Count;)
        {
            int last = first;
            while (last + 1 < diff.DiffBlocks.Count
                && diff.DiffBlocks[last + 1].DeleteStartA - End(diff.DiffBlocks[last]) <= 2 * ContextLines)
            {
                last++;
            }

            Hunk(text, diff, first, last);
            first = last + 1;
        }

        return text.ToString();
    }

    // An empty text has no lines, not an empty one.
    private static string Whole(StringBuilder text, string before, string after)
    {
        string[] gone = before.Length == 0 ? [] : before.Split('\n'), come = after.Length == 0 ? [] : after.Split('\n');
        text.Append($"@@ -{Math.Min(1, gone.Length)},{gone.Length} +{Math.Min(1, come.Length)},{come.Length} @@\n");
        return text.AppendJoin("", gone.Select(line => $"-{line}\n")).AppendJoin("", come.Select(line => $"+{line}\n")).ToString();
    }

    private static void Hunk(StringBuilder text, DiffResult diff, int first, int last)
    {
        IReadOnlyList<string> old = diff.PiecesOld, @new = diff.PiecesNew;
        DiffBlock start = diff.DiffBlocks[first], end = diff.DiffBlocks[last];
        int above = Math.Min(ContextLines, start.DeleteStartA), below = Math.Min(ContextLines, old.Count - End(end));
        int from = start.DeleteStartA - above, to = End(end) + below;
        int newFrom = start.InsertStartB - above, newTo = end.InsertStartB + end.InsertCountB + below;
        text.Append($"@@ -{from + 1},{to - from} +{newFrom + 1},{newTo - newFrom} @@\n");
        int at = from;
        for (int i = first; i <= last; i++)
        {
            DiffBlock block = diff.DiffBlocks[i];
            Lines(' ', old, at, block.DeleteStartA);
            Lines('-', old, block.DeleteStartA, End(block));
            Lines('+', @new, block.InsertStartB, block.InsertStartB + block.InsertCountB);
            at = End(block);
        }

        Lines(' ', old, at, to);

        void Lines(char mark, IReadOnlyList<string> lines, int start, int end)
        {
            for (int i = start; i < end; i++)
                text.Append(mark).Append(lines[i]).Append('\n');
        }
    }

    private static int End(DiffBlock block) => block.DeleteStartA + block.DeleteCountA;

    // The end of the last line is no line.
    private static string Even(string? text)
    {
        string even = (text ?? "").Replace("\r\n", "\n", StringComparison.Ordinal);
        return even is [.. var lines, '\n'] ? lines : even;
    }
}
