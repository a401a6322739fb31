using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace QwenSharp.Server.Operations;

/// <summary>
/// The instruments of a meter in Prometheus' text form, 0.0.4. Measurements are added up without a lock as they come; a look writes them.
/// Instruments have at most three tags, always the same.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    /// <summary>The media type of <see cref="Write"/>.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Family> _families = [];
    private readonly Lock _oneLook = new();

    /// <param name="meter">The meter.</param>
    public PrometheusText(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != meter)
                return;

            Family family = new(instrument);
            _families.Enqueue(family);
            listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((Family)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>All series, as they are now.</summary>
    public string Write()
    {
        StringBuilder text = new();
        lock (_oneLook)
        {
            foreach (Family family in _families)
                family.Forget();

            _listener.RecordObservableInstruments();
            foreach (Family family in _families.OrderBy(family => family.Name, StringComparer.Ordinal))
                family.Write(text);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    /// <summary>An instrument, and a series for each combination of its tags' values.</summary>
    private sealed class Family
    {
        private readonly ConcurrentDictionary<(object?, object?, object?), Series> _series = [];
        private readonly Func<(object?, object?, object?), Series> _create;
        private readonly string _type;
        private readonly string? _description;
        private readonly bool _isObserved;
        private readonly double[] _bounds = [];

        public Family(Instrument instrument)
        {
            (string type, string end) = instrument switch
            {
                Histogram<double> => ("histogram", ""),
                Counter<long> or ObservableCounter<long> => ("counter", "_total"),
                _ => ("gauge", ""),
            };
            _type = type;
            _description = instrument.Description;
            _isObserved = instrument.IsObservable;
            Name = instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "") + end;
            if (instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds })
                _bounds = [.. bounds];

            _create = _ => new Series(_bounds.Length + 1);
        }

        public string Name { get; }

        private string[] Labels { get; set; } = [];

        public void Add(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Series series = SeriesOf(tags);
            if (_isObserved)
                Volatile.Write(ref series.Value, value);
            else
                Interlocked.Add(ref series.Value, value);
        }

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Series series = SeriesOf(tags);
            int bucket = 0;
            while (bucket < _bounds.Length && value > _bounds[bucket])
                bucket++;

            Interlocked.Increment(ref series.Buckets[bucket]);
            Interlocked.Add(ref series.Value, (long)(value * 1e9));
        }

        /// <summary>Drops what the next look observes anew: a model that is gone has no series.</summary>
        public void Forget()
        {
            if (_isObserved)
                _series.Clear();
        }

        public void Write(StringBuilder text)
        {
            text.Append("# HELP ").Append(Name).Append(' ').Append(_description).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
            foreach (var (tags, series) in _series.OrderBy(one => one.Key.ToString(), StringComparer.Ordinal))
            {
                string labels = LabelsOf(tags);
                if (_type == "histogram")
                    WriteBuckets(text, labels, series);
                else
                    Line(text, "", labels, Volatile.Read(ref series.Value).ToString(CultureInfo.InvariantCulture));
            }
        }

        private void WriteBuckets(StringBuilder text, string labels, Series series)
        {
            string before = labels.Length > 0 ? labels + "," : "";
            long count = 0;
            for (int i = 0; i <= _bounds.Length; i++)
            {
                count += Volatile.Read(ref series.Buckets[i]);
                string bound = i < _bounds.Length ? _bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                Line(text, "_bucket", $"{before}le=\"{bound}\"", count.ToString(CultureInfo.InvariantCulture));
            }

            Line(text, "_sum", labels, (Volatile.Read(ref series.Value) / 1e9).ToString(CultureInfo.InvariantCulture));
            Line(text, "_count", labels, count.ToString(CultureInfo.InvariantCulture));
        }

        private void Line(StringBuilder text, string end, string labels, string value)
        {
            text.Append(Name).Append(end);
            if (labels.Length > 0)
                text.Append('{').Append(labels).Append('}');

            text.Append(' ').Append(value).Append('\n');
        }

        private Series SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Length != Labels.Length)
                Labels = [.. tags.ToArray().Select(tag => tag.Key)];

            return _series.GetOrAdd(
                (tags.Length > 0 ? tags[0].Value : null, tags.Length > 1 ? tags[1].Value : null, tags.Length > 2 ? tags[2].Value : null),
                _create);
        }

        private string LabelsOf((object? First, object? Second, object? Third) tags)
        {
            object?[] values = [tags.First, tags.Second, tags.Third];
            return string.Join(',', Labels.Zip(values, (label, value) => $"{label}=\"{Escaped($"{value}")}\""));
        }

        private static string Escaped(string value) => value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
    }

    /// <summary>What was added up under one combination of tags.</summary>
    private sealed class Series(int buckets)
    {
        /// <summary>The sum; of a histogram in billionths.</summary>
        public long Value;

        public long[] Buckets { get; } = new long[buckets];
    }
}
