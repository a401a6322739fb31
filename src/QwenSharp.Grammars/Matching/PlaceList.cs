using System.Runtime.CompilerServices;
using QwenSharp.Grammars.Automata;

namespace QwenSharp.Grammars.Matching;

/// <summary>Places in a row, those of one depth of a walk behind those of the one before.</summary>
internal sealed class PlaceList
{
    private const int MaxPlaces = 8_192;

    /// <summary>How much work there may be for one mask or byte: comparisons of places. A bound on the time that a hostile grammar takes
    /// for one token, below a second.</summary>
    private const long MaxWork = 100_000_000;

    private Place[] _places = new Place[16];
    private long _work;

    public int Count { get; private set; }

    public ReadOnlySpan<Place> Span => _places.AsSpan(0, Count);

    public Place this[int index] => _places[index];

    /// <summary>Begins anew; the work that there may be too.</summary>
    public void Clear() => (Count, _work) = (0, 0);

    /// <summary>Counts work.</summary>
    /// <exception cref="GrammarException">It is too much.</exception>
    public void Spend(long work)
    {
        _work += work;
        if (_work > MaxWork)
            throw new GrammarException("grammar", "", "it is ambiguous in too many ways at one place.");
    }

    public void Truncate(int count) => Count = count;

    public void Add(in Place place)
    {
        if (Count == _places.Length)
            Array.Resize(ref _places, 2 * Count);
        _places[Count++] = place;
    }

    public void AddRange(ReadOnlySpan<Place> places)
    {
        foreach (ref readonly Place place in places)
            Add(place);
    }

    /// <summary>Adds where a byte leads from a place, each place once.</summary>
    /// <param name="from">The place.</param>
    /// <param name="value">The byte.</param>
    /// <param name="first">Where the places behind this byte begin.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Step(Place from, byte value, int first)
    {
        ByteAutomaton automaton = from.Automaton;
        int next = automaton.Next(from.State, value);
        if (next >= 0)
            AddStep(from, next, value, first);
        if (!automaton.Accepts(from.State))
            return;
        foreach (ref readonly Place behind in from.Frame.After(automaton.Label(from.State), from.Hash).Places.AsSpan())
            Step(behind, value, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddStep(in Place from, int next, byte value, int first)
    {
        ByteAutomaton automaton = from.Automaton;
        ContentHash hash = from.Hash;
        if (automaton.IsKeyed)
        {
            (int low, int end) = automaton.Ahead(next);
            if (!from.Frame.AllowsAny(low, end))
                return;
        }
        else if (automaton.TracksContent)
        {
            hash = automaton.Hash(hash, from.State, value);
            if (automaton.EndsContent(from.State, value) && from.Frame.Excludes(hash))
                return;
        }

        Place place = new(automaton, next, from.Frame, hash);
        Spend(Count - first);
        for (int i = first; i < Count; i++)
        {
            if (_places[i].State == next && _places[i].Automaton == automaton && _places[i].Frame == from.Frame && _places[i].Hash == hash)
                return;
        }

        if (Count - first >= MaxPlaces)
            throw new GrammarException("grammar", "", "it is ambiguous in too many ways at one place.");
        Add(place);
    }
}
