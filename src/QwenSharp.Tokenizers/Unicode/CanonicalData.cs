using System.Globalization;

namespace QwenSharp.Tokenizers.Unicode;

/// <summary>
/// Canonical decompositions, compositions and combining classes (UAX #15), read once from <c>canonical.txt</c>
/// when the first text that may need them is met.
/// </summary>
internal sealed class CanonicalData
{
    // Hangul syllables (The Unicode Standard, section 3.12): L consonants × V vowels × T trailing consonants, T = 0 meaning none.
    private const int SyllableBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7;
    private const int LCount = 19, VCount = 21, TCount = 28, SyllableCount = LCount * VCount * TCount;

    private static readonly Lazy<CanonicalData> Shared = new(() => new CanonicalData());

    private readonly Dictionary<int, (int First, int Second)> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];

    /// <summary>One bit a code point: it may change under NFC, or change what stands before it.</summary>
    private readonly ulong[] _unsettled = new ulong[0x110000 / 64];

    private CanonicalData()
    {
        using Stream stream = typeof(CanonicalData).Assembly.GetManifestResourceStream("canonical.txt")!;
        byte[] text = new byte[stream.Length];
        stream.ReadExactly(text);
        foreach (Range line in text.AsSpan().Split((byte)'\n'))
            ReadLine(text.AsSpan(line));

        for (int v = 0; v < VCount; v++)
            MarkUnsettled(VBase + v);
        for (int t = 1; t < TCount; t++)
            MarkUnsettled(TBase + t);
    }

    public static CanonicalData Instance => Shared.Value;

    /// <summary>
    /// False for a starter that NFC leaves as it is and that never joins the character before it (NFC_Quick_Check=Yes and class 0).
    /// </summary>
    public bool IsUnsettled(int codePoint) => codePoint >= 0x300 && (_unsettled[codePoint >> 6] >> (codePoint & 63) & 1) != 0;

    /// <summary>Canonical combining class; 0 for a starter.</summary>
    public byte CombiningClass(int codePoint) => codePoint < 0x300 ? (byte)0 : _classes.GetValueOrDefault(codePoint);

    /// <summary>Appends the full canonical decomposition, not yet reordered.</summary>
    public void Decompose(int codePoint, ref PooledList<int> output)
    {
        if (codePoint is >= SyllableBase and < SyllableBase + SyllableCount)
        {
            int index = codePoint - SyllableBase;
            output.Add(LBase + index / (VCount * TCount));
            output.Add(VBase + index / TCount % VCount);
            if (index % TCount > 0)
                output.Add(TBase + index % TCount);
        }
        else if (_decompositions.TryGetValue(codePoint, out (int First, int Second) parts))
        {
            Decompose(parts.First, ref output);
            if (parts.Second > 0)
                output.Add(parts.Second);
        }
        else
        {
            output.Add(codePoint);
        }
    }

    /// <summary>The primary composite of two code points, or 0.</summary>
    public int Compose(int first, int second)
    {
        if (first is >= LBase and < LBase + LCount && second is >= VBase and < VBase + VCount)
            return SyllableBase + ((first - LBase) * VCount + second - VBase) * TCount;

        if (first is >= SyllableBase and < SyllableBase + SyllableCount && (first - SyllableBase) % TCount == 0
            && second is > TBase and < TBase + TCount)
        {
            return first + second - TBase;
        }

        return _compositions.GetValueOrDefault((first, second));
    }

    private void ReadLine(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] == '#')
            return;

        bool isClass = line[0] == '@';
        Span<int> fields = stackalloc int[3];
        fields.Clear();
        int count = 0;
        foreach (Range range in line.Split((byte)' '))
        {
            ReadOnlySpan<byte> field = line[range].TrimStart((byte)'@');
            if (field is not [(byte)'!'])
            {
                NumberStyles style = isClass && count == 2 ? NumberStyles.Integer : NumberStyles.HexNumber;
                fields[count++] = int.Parse(field, style, CultureInfo.InvariantCulture);
            }
        }

        if (isClass)
            AddClass(fields[0], fields[1], (byte)fields[2]);
        else
            AddDecomposition(fields[0], (fields[1], fields[2]), composes: !line.EndsWith("!"u8));
    }

    private void AddClass(int first, int last, byte combiningClass)
    {
        for (int codePoint = first; codePoint <= last; codePoint++)
        {
            _classes[codePoint] = combiningClass;
            MarkUnsettled(codePoint);
        }
    }

    private void AddDecomposition(int codePoint, (int First, int Second) parts, bool composes)
    {
        _decompositions.Add(codePoint, parts);
        if (composes)
        {
            _compositions.Add(parts, codePoint);
            MarkUnsettled(parts.Second);
        }
        else
        {
            MarkUnsettled(codePoint);
        }
    }

    private void MarkUnsettled(int codePoint) => _unsettled[codePoint >> 6] |= 1UL << (codePoint & 63);
}
